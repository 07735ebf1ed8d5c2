"""Does every member get exactly one answer while the bot, its engine and its database are killed at random?"""
