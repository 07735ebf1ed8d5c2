"""Names of embeddings: which spellings mean the same one, and which names nobody could type or tell apart."""

from __future__ import annotations

import unicodedata

MAX_NAME = 64  # characters
_PUNCTUATION = frozenset(" ._-+")
#: alphabets whose letters look alike
_LOOKALIKES = ("LATIN", "CYRILLIC", "GREEK")


def name_key(name: str) -> str:
    """What all spellings of one name have in common: case, width and the composition of accents do not count."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def why_not_a_name(name: str) -> str | None:
    """One sentence that says why an embedding cannot be called so, or None.

    Members type names, a strength is written after a colon, and pictures list them between commas.
    """
    if not 1 <= len(name) <= MAX_NAME:
        return f"Its name has {len(name)} characters; please rename the file to at most {MAX_NAME}."
    if not all(_is_ordinary(letter) for letter in name) or not (name[0].isalnum() or name[0] == "_") or name[-1] == " ":
        return "Its name is hard to type; please rename the file to letters, digits, spaces and . _ - + only."
    alphabets = [alphabet for alphabet in _LOOKALIKES if any(_is_of(letter, alphabet) for letter in name)]
    if len(alphabets) > 1:
        mixed = " and ".join(alphabet.capitalize() for alphabet in alphabets)
        return f"Its name mixes {mixed} letters, so that it can be taken for another; please rename the file."
    return None


def _is_ordinary(letter: str) -> bool:
    return letter in _PUNCTUATION or unicodedata.category(letter)[0] in "LMN"


def _is_of(letter: str, alphabet: str) -> bool:
    return unicodedata.name(letter, "").startswith(alphabet)
