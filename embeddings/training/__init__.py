"""Train negative embeddings by textual inversion."""
