"""Read, describe, inject and train negative embeddings. Usable without the bot."""
