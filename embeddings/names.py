"""Names of embeddings: which spellings are the same name, and which names an embedding can't have."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 64  # characters
#: what commands accept instead of a name, to say that no embedding is wanted; as keys of names
RESERVED = frozenset({"none", "off", "-"})
_PUNCTUATION = frozenset(" ._-+")
#: alphabets with letters that look alike
_LOOKALIKES = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
#: Letters and marks without a visible form: Hangul fillers, the grapheme joiner, variation selectors. Other invisible
#: characters are recognised by their category, C or Z.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_INVISIBLE_CATEGORIES = ("Cf", "Cc", "Cs", "Zl", "Zp")
#: Windows reserves these names for devices, whatever the extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def name_key(name: str) -> str:
    """What all spellings of a name have in common: case, width and composition of accents are ignored."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def name_problem(name: str) -> str | None:
    """A sentence that says why an embedding can't have this name, or None if it can.

    Members type names, write a strength after a colon, and programs list names in pictures, separated by commas.
    """
    if not 1 <= len(name) <= MAX_NAME:
        return f"Its name has {len(name)} characters; please rename the file to between 1 and {MAX_NAME}."
    if "/" in name or "\\" in name or name.startswith(".."):
        return "Its name looks like a path; please rename the file so that it has no slashes and no dots at the start."
    if _INVISIBLE.search(name) or any(unicodedata.category(letter) in _INVISIBLE_CATEGORIES for letter in name):
        return "Its name contains an invisible character; please rename the file."
    if name_key(name) in RESERVED:
        return f"Its name is reserved: in commands '{name_key(name)}' means no embedding; please rename the file."
    if _DEVICES.fullmatch(name):
        return "Its name is reserved by Windows; please rename the file."
    if not all(_is_ordinary(letter) for letter in name):
        return "Its name may contain only letters, digits, spaces and . _ - +; please rename the file."
    if not (name[0].isalnum() or name[0] == "_") or name[-1] == " ":
        return "Its name must start with a letter, a digit or _ and can't end with a space; please rename the file."
    if name.isascii():
        return None
    alphabets = [alphabet for alphabet in _LOOKALIKES if any(_is_from(letter, alphabet) for letter in name)]
    if len(alphabets) > 1:
        mixed = " and ".join(alphabet.capitalize() for alphabet in alphabets)
        return f"Its name mixes {mixed} letters, so it could be mistaken for another name; please rename the file."
    return None


def _is_ordinary(letter: str) -> bool:
    return letter in _PUNCTUATION or unicodedata.category(letter)[0] in "LMN"


def _is_from(letter: str, alphabet: str) -> bool:
    return unicodedata.name(letter, "").startswith(alphabet)
