"""The bot against a local Discord, for a person to play with or a script to run."""
