"""Numbered SQL files, forward only; `services.storage.migrate` applies them."""
