"""The bot against a local Discord: played by a person, or tried by a script."""
