"""Names of embeddings: which spellings mean the same one, and which names nobody could type or tell apart."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 64  # characters
_PUNCTUATION = frozenset(" ._-+")
#: alphabets whose letters look alike
_LOOKALIKES = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
#: Letters and marks that show nothing: Hangul fillers, joiners of graphemes, selectors of variants. Those of the
#: categories C and Z are told by their category.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: Windows keeps these names for its devices, whatever ending they have.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


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
    if "/" in name or "\\" in name or name.startswith(".."):
        return "Its name is a path, which is hard to type; please rename the file to one word."
    if _UNSEEN.search(name) or any(unicodedata.category(letter) in ("Cf", "Cc", "Cs", "Zl", "Zp") for letter in name):
        return "Its name holds a character that cannot be seen, which is hard to type; please rename the file."
    if _DEVICES.fullmatch(name):
        return "Its name is one that Windows keeps for a device; please rename the file."
    if not all(_is_ordinary(letter) for letter in name) or not (name[0].isalnum() or name[0] == "_") or name[-1] == " ":
        return "Its name is hard to type; please rename the file to letters, digits, spaces and . _ - + only."
    if name.isascii():
        return None
    alphabets = [alphabet for alphabet in _LOOKALIKES if any(_is_of(letter, alphabet) for letter in name)]
    if len(alphabets) > 1:
        mixed = " and ".join(alphabet.capitalize() for alphabet in alphabets)
        return f"Its name mixes {mixed} letters, so that it can be taken for another; please rename the file."
    return None


def _is_ordinary(letter: str) -> bool:
    return letter in _PUNCTUATION or unicodedata.category(letter)[0] in "LMN"


def _is_of(letter: str, alphabet: str) -> bool:
    return unicodedata.name(letter, "").startswith(alphabet)
