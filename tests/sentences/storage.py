"""What members read when something is wrong with the database."""

DATABASE_UNAVAILABLE = "I can't reach my database right now; nothing is lost. Please try again in a minute."
