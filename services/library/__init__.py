"""Add embeddings to the library, remove them, and show what they do."""
