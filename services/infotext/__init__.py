"""Pictures describe themselves in A1111's form: written into ours, read from anybody's, and drawn again from there."""

from services.infotext.writer import INFOTEXT_KEY, SHORT_HASH_DIGITS, write_infotext

__all__ = ["INFOTEXT_KEY", "SHORT_HASH_DIGITS", "write_infotext"]
