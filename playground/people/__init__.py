"""What a human can do in Discord's client."""
