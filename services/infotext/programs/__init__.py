"""Metadata of programs that don't write A1111's format, rewritten in it."""

from services.infotext.programs.recognition import translate

__all__ = ["translate"]
