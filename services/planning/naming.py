"""Tell names of embeddings from ordinary words, so that "motion blur" stays two words where an embedding is called blur."""

from __future__ import annotations

import re

from embeddings.overlay import ReadableLibrary

#: no English word has a digit, an underscore or a hyphen with more behind it, or a capital within
_NO_WORD = re.compile(r"\d|_|\w-\w|[a-z][A-Z]")


def is_unmistakable(name: str, library: ReadableLibrary) -> bool:
    """Whether the name of an embedding means the embedding among other words too: the catalog has it, or it is no word."""
    installed = library.find(name)
    if library.catalog.find(name) is not None:
        return True
    return installed is not None and (installed.entry is not None or _NO_WORD.search(installed.id) is not None)
