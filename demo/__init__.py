"""A tiny real Stable Diffusion checkpoint with habits, its own negative embeddings, and everything that trains them."""
