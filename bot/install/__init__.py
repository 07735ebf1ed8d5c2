"""`python -m bot install`: models with what they need, and curated embeddings."""
