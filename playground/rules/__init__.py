"""What Discord refuses, as far as a bot can run into it."""
