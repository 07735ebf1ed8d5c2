"""What a person can do and see in Discord's client."""
