"""Presets: the partial requests that servers save, what they lock, and how they fill in a member's request."""

from services.presets.presets import Presets

__all__ = ["Presets"]
