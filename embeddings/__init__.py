"""The library of negative embeddings: reads, describes, injects and trains them. Usable without the bot."""
