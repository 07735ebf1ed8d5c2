"""Forward-only numbered SQL files, and what applies them."""
