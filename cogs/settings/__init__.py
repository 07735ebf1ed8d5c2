"""/settings: what a server's owner and the bot's operators allow."""
