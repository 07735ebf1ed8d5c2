"""Presets: what servers save of a request, what they fix of it, and how that is laid under a wish."""

from services.presets.presets import Presets

__all__ = ["Presets"]
