"""Autocomplete: what fits the model already chosen in the same command, the best first. Never any I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from embeddings.library import InstalledEmbedding, Library
from services.checkpoints import Checkpoint, Shelf
from services.errors import UserError
from services.matching import RELATED
from services.suggestions.ranking import Ranking, score

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
        #: by checkpoint, with the state of the library it was made from
        self._rankings: dict[str, tuple[int, Ranking]] = {}

    def prepare(self) -> None:
        """Rank the library for every installed model now, so that nobody waits for it while typing."""
        for checkpoint in self._shelf.installed:
            self._ranking(checkpoint)

    def embeddings(
        self, typed: str, *, model: str | None, picked: Iterable[str] = (), uses: Mapping[str, int] | None = None
    ) -> list[Suggestion]:
        """Embeddings that fit `model` and are not picked yet; `uses` counts how often each was used in this server."""
        try:
            checkpoint = self._shelf.find(model or self._default_model)
        except UserError:
            return []
        taken = {found.content_hash for name in picked if (found := self._library.find(_bare(name))) is not None}
        name, colon, strength = typed.strip().partition(":")
        best = self._ranking(checkpoint).best(name, MAX_CHOICES, without=taken, uses=uses or {})
        return [self._describe(one, checkpoint, colon + strength) for one in best]

    def models(self, typed: str) -> list[Suggestion]:
        """Installed models."""
        installed = [one for one in self._shelf.installed if score(typed, one.names) >= RELATED]
        return [Suggestion(_cut(f"{one.title} · {one.lineage}"), one.id) for one in installed[:MAX_CHOICES]]

    def sizes(self, model: str | None) -> list[Suggestion]:
        """Square, portrait and landscape, in pixels that the model takes."""
        try:
            one = self._shelf.find(model or self._default_model)
        except UserError:
            return []
        long_side = min(one.max_side, one.width * 3 // 2 // one.multiple * one.multiple)
        sizes: dict[tuple[int, int], str] = {(one.width, one.height): "square"}
        for name, size in (("portrait", (one.width, long_side)), ("landscape", (long_side, one.height))):
            sizes.setdefault(size, name)
        return [
            Suggestion(f"{width} × {height}, {name}", f"{width}x{height}") for (width, height), name in sizes.items()
        ]

    def _ranking(self, checkpoint: Checkpoint) -> Ranking:
        # `prepare` runs in a thread while the library may change: what is ranked is a copy, and its state is that before
        state = self._library.state
        known_state, ranking = self._rankings.get(checkpoint.id, (-1, None))
        if ranking is None or known_state != state:
            ranking = Ranking(checkpoint, tuple(self._library))
            self._rankings[checkpoint.id] = (state, ranking)
        return ranking

    def _describe(self, one: InstalledEmbedding, checkpoint: Checkpoint, strength: str) -> Suggestion:
        starred = "★ " if one.id in checkpoint.recommended else ""
        targets = ", ".join(one.targets) or "no description"
        vectors = f"{one.num_vectors} vector{'s' if one.num_vectors > 1 else ''}"
        value = one.id + strength
        # a strength as long as that is none, and half a value would name nothing
        value = value if len(value) <= MAX_CHOICE_CHARACTERS else one.id
        return Suggestion(_cut(f"{starred}{one.id} · {targets} · {vectors}"), value)


def _bare(name: str) -> str:
    return name.partition(":")[0]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHOICE_CHARACTERS else text[: MAX_CHOICE_CHARACTERS - 1] + "…"
