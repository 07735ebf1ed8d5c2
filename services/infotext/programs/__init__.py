"""Metadata of programs that don't write A1111's format, rewritten in it."""

from services.infotext.programs.recognition import DRAW_THINGS_KEY, translate

__all__ = ["DRAW_THINGS_KEY", "translate"]
