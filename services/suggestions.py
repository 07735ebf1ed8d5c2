"""Autocomplete: what fits the model already chosen in the same command, the best first. Never any I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from embeddings.library import InstalledEmbedding, Library
from services.checkpoints import Checkpoint, Shelf
from services.errors import UserError
from services.fit import usable_with
from services.matching import RELATED

#: Discord shows no more
MAX_CHOICES = 25
MAX_CHOICE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a member sees, and what is sent when it is picked."""

    name: str
    value: str


class Suggestions:
    """Choices for the options of /imagine and /embedding."""

    def __init__(self, *, shelf: Shelf, library: Library, default_model: str) -> None:
        self._shelf = shelf
        self._library = library
        self._default_model = default_model

    def embeddings(
        self, typed: str, *, model: str | None, picked: Iterable[str] = (), uses: Mapping[str, int] | None = None
    ) -> list[Suggestion]:
        """Embeddings that fit `model` and are not picked yet; `uses` counts how often each was used in this server."""
        try:
            checkpoint = self._shelf.find(model or self._default_model)
        except UserError:
            return []
        taken = {found.content_hash for name in picked if (found := self._library.find(_bare(name))) is not None}
        usable = [one for one in usable_with(checkpoint, self._library) if one.content_hash not in taken]
        if uses:
            recommended = {name.casefold() for name in checkpoint.recommended}
            usable.sort(key=lambda one: (one.id.casefold() not in recommended, one.rank, -uses.get(one.id, 0)))
        name, colon, strength = typed.strip().partition(":")
        return [self._describe(one, checkpoint, colon + strength) for one in _matching(name, usable)[:MAX_CHOICES]]

    def models(self, typed: str) -> list[Suggestion]:
        """Installed models."""
        installed = [one for one in self._shelf.installed if _score(typed, one.names) >= RELATED]
        return [Suggestion(_cut(f"{one.title} · {one.lineage}"), one.id) for one in installed[:MAX_CHOICES]]

    def sizes(self, model: str | None) -> list[Suggestion]:
        """Square, portrait and landscape, in pixels that the model takes."""
        try:
            one = self._shelf.find(model or self._default_model)
        except UserError:
            return []
        long_side = min(one.max_side, one.width * 3 // 2 // one.multiple * one.multiple)
        sizes = {
            "square": (one.width, one.height),
            "portrait": (one.width, long_side),
            "landscape": (long_side, one.height),
        }
        return [
            Suggestion(f"{width} × {height}, {name}", f"{width}x{height}") for name, (width, height) in sizes.items()
        ]

    def _describe(self, one: InstalledEmbedding, checkpoint: Checkpoint, strength: str) -> Suggestion:
        starred = "★ " if one.id in checkpoint.recommended else ""
        targets = ", ".join(one.targets) or "no description"
        vectors = f"{one.num_vectors} vector{'s' if one.num_vectors > 1 else ''}"
        return Suggestion(_cut(f"{starred}{one.id} · {targets} · {vectors}"), _cut(one.id + strength))


def _matching(typed: str, embeddings: list[InstalledEmbedding]) -> list[InstalledEmbedding]:
    """Those that match id, title, alias or target, in their order of merit within the same closeness.

    What matches nothing is answered with everything that fits: an empty list would look as if there were none.
    """
    if not typed:
        return embeddings
    scored = [(_score(typed, (one.id, one.title, *one.aliases, *one.targets)), one) for one in embeddings]
    found = [(score, one) for score, one in scored if score >= RELATED]
    found.sort(key=lambda pair: -pair[0] // 10)  # sort is stable: merit decides among about equal ones
    return [one for _, one in found] or embeddings


def _score(typed: str, names: Iterable[str]) -> float:
    """0 to 100: a prefix of a word counts fully, a typing error a little less."""
    wanted = typed.strip().casefold()
    best = 0.0
    for name in names:
        text = name.casefold()
        if not wanted or text.startswith(wanted):
            return 100.0
        if wanted in text:
            best = max(best, 95.0)
        else:
            best = max(best, fuzz.partial_ratio(wanted, text) * min(1.0, len(wanted) / 4) * 0.9)
    return best


def _bare(name: str) -> str:
    return name.partition(":")[0]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHOICE_CHARACTERS else text[: MAX_CHOICE_CHARACTERS - 1] + "…"
