"""Infotext, A1111's "parameters" text: written into our pictures, read from anyone's, and turned back into requests."""

from services.infotext.writer import INFOTEXT_KEY, SHORT_HASH_DIGITS, write_infotext

__all__ = ["INFOTEXT_KEY", "SHORT_HASH_DIGITS", "write_infotext"]
