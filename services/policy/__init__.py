"""What a server's owner and the bot's operators allow: values and pure rules, without a database."""
