"""Autocomplete: what fits the model already chosen in the same command, best first. Never does any I/O."""

from __future__ import annotations

from collections.abc import Iterable

from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.choices import LABEL_SEPARATOR, STAR, EmbeddingChoice, guess_choice, split_choices
from services.errors import UserError
from services.matching import MIN_SIMILARITY
from services.planning.sizes import named_sizes
from services.stock import Stocks
from services.suggestions.ranking import Habits, Ranking, score
from services.suggestions.suggestion import MAX_CHOICE_CHARACTERS, MAX_CHOICES, Suggestion
from services.text import shorten

NO_HABITS = Habits()


class Suggestions:
    """Choices for the options of /imagine, /preset and /embedding."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks
        #: by server (0 for everyone's embeddings) and checkpoint, with the state of the library it was made from
        self._rankings: dict[tuple[int, str], tuple[object, Ranking]] = {}

    def prepare(self) -> None:
        """Rank the libraries for every installed model now, so that nobody waits for it while typing."""
        for guild_id in (0, *self._stocks.servers):
            for checkpoint in self._stocks.shared.shelf.installed:
                self._ranking(guild_id, checkpoint)

    def embeddings(
        self,
        typed: str,
        *,
        guild_id: int | None = None,
        model: str | None,
        picked: Iterable[str] = (),
        habits: Habits = NO_HABITS,
    ) -> list[Suggestion]:
        """Embeddings of a server that fit `model` and aren't picked yet."""
        stock = self._stocks.of(guild_id)
        try:
            checkpoint = stock.checkpoint(model)
        except UserError:
            return []
        others = [guess_choice(part).name for option in picked for part in split_choices(option)]
        taken = {found.content_hash for name in others if (found := stock.embedding(name)) is not None}
        so_far = guess_choice(typed)
        best = self._ranking(guild_id or 0, checkpoint).best(so_far.name, MAX_CHOICES, without=taken, habits=habits)
        return [_describe(embedding, checkpoint, so_far.strength) for embedding in best]

    def models(self, typed: str, guild_id: int | None = None) -> list[Suggestion]:
        """The models that a server can use."""
        models = self._stocks.of(guild_id).models
        installed = [model for model in models if score(typed, model.names) >= MIN_SIMILARITY]
        return [
            Suggestion(shorten(f"{model.title} · {model.lineage}", MAX_CHOICE_CHARACTERS), model.id)
            for model in installed[:MAX_CHOICES]
        ]

    def sizes(self, model: str | None, guild_id: int | None = None) -> list[Suggestion]:
        """Square, portrait and landscape, in pixels that the model takes and the server allows."""
        try:
            checkpoint = self._stocks.of(guild_id).checkpoint(model)
        except UserError:
            return []
        sizes: dict[tuple[int, int], str] = {}
        for name, size in named_sizes(checkpoint).items():
            sizes.setdefault(size, name)
        return [Suggestion(f"{wide} × {high}, {name}", f"{wide}x{high}") for (wide, high), name in sizes.items()]

    def _ranking(self, guild_id: int, checkpoint: Checkpoint) -> Ranking:
        stock = self._stocks.of(guild_id)
        key = (0 if stock is self._stocks.shared else guild_id, checkpoint.id)
        # `prepare` runs in a thread while the library may change: rank a copy, marked with the state before it
        state = stock.library.state
        known_state, ranking = self._rankings.get(key, (None, None))
        if ranking is None or known_state != state:
            ranking = Ranking(checkpoint, tuple(stock.library))
            self._rankings[key] = (state, ranking)
        return ranking


def _describe(embedding: InstalledEmbedding, checkpoint: Checkpoint, strength: float | None) -> Suggestion:
    value = str(EmbeddingChoice(embedding.id, strength))
    starred = STAR if embedding.id in checkpoint.recommended else ""
    targets = ", ".join(embedding.targets) or "no description"
    label = LABEL_SEPARATOR.join((f"{starred}{value}", targets, embedding.extent))
    return Suggestion(shorten(label, MAX_CHOICE_CHARACTERS), value)
