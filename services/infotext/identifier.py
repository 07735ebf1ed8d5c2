"""Compare a picture's text with what is installed: which model, which embeddings, and a request that draws it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from services.checkpoints import Checkpoint
from services.checkpoints.hashes import hash_weights
from services.errors import UserError
from services.infotext.hashes import FoundEmbedding
from services.infotext.reader import Infotext, read_infotext
from services.infotext.recreation import Recreation, find_embeddings, recreate
from services.infotext.settings_line import write_settings_line
from services.infotext.writer import write_infotext
from services.parameters import PlanRecord
from services.requests import GenerationRequest
from services.stock import Stock, Stocks

#: pictures that are read at the same time
READERS = 2

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class FoundModel:
    """The model that a picture names; without a checkpoint it can't be used here."""

    name: str
    digits: str
    checkpoint: Checkpoint | None
    is_installed: bool
    #: same name, other weights
    is_other_file: bool = False

    @property
    def sentence(self) -> str:
        """ "Demo, installed"."""
        if self.checkpoint is not None:
            return f"{self.checkpoint.title}, {'installed' if self.is_installed else 'known, not installed'}"
        named = " ".join(part for part in (self.name, f"({self.digits})" if self.digits else "") if part)
        return f"unknown model {named}" if named else "not named"


@dataclass(frozen=True, slots=True)
class Identified:
    """A picture's text and what it means on this bot."""

    infotext: Infotext
    model: FoundModel
    embeddings: Sequence[FoundEmbedding]
    request: GenerationRequest
    #: the request's settings in one line
    settings: str
    #: a sentence for each thing that can't be reproduced here
    notes: Sequence[str]


class Identifier:
    """Knows the stock; knows no Discord and no picture files."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks
        self._shelf = stocks.shared.shelf
        self._hashing = asyncio.Lock()
        # asyncio's own threads plan requests and encode uploads, which crafted files must not hold up
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="identify")

    def close(self) -> None:
        """Start no more work; what is running ends within a second or two."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Call a function that reads what members sent."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))

    def describe(self, plan: PlanRecord) -> str:
        """The text that the first picture of a plan had when it was drawn, but for the model's hash."""
        checkpoint = self._named(plan.checkpoint)
        return write_infotext(plan, 0, model=checkpoint.title if checkpoint else plan.checkpoint, model_hash=None)

    async def identify(self, text: str, guild_id: int | None) -> Identified:
        """Resolve everything. The first time, models are read to compute their hashes, which may take a while.

        Raises: UserError, if the text isn't in A1111's format.
        """
        infotext = await self.run(_read, text)
        model = await self._find_model(infotext)
        return await self.run(self._against, infotext, model, self._stocks.of(guild_id))

    def again(self, text: str, checkpoint_id: str | None, guild_id: int | None) -> Identified:
        """The same without reading any model, for a caller that already knows which one it is.

        Raises: UserError.
        """
        infotext = _read(text)
        checkpoint = self._shelf.find(checkpoint_id) if checkpoint_id else None
        is_installed = checkpoint is not None and self._shelf.is_installed(checkpoint)
        model = FoundModel(infotext.model or "", infotext.model_hash or "", checkpoint, is_installed)
        return self._against(infotext, model, self._stocks.of(guild_id))

    def _against(self, infotext: Infotext, model: FoundModel, stock: Stock) -> Identified:
        drawn_by = model.checkpoint if model.is_installed else self._default()
        embeddings = find_embeddings(infotext, stock.library)
        usable = model.checkpoint if model.is_installed else None
        made: Recreation = recreate(infotext, embeddings, model=usable, drawn_by=drawn_by, limits=stock.limits)
        settings = write_settings_line(
            replace(made.request, count=None), model=self._name_of(usable) if usable else None
        )
        notes = (*self._of_model(model, drawn_by), *made.notes)
        return Identified(infotext, model, embeddings, made.request, settings, notes)

    def _name_of(self, checkpoint: Checkpoint) -> str:
        """Its title, unless another model has the same one."""
        return checkpoint.title if self._named(checkpoint.title) is checkpoint else checkpoint.id

    async def _find_model(self, infotext: Infotext) -> FoundModel:
        named = self._named(infotext.model)
        name, digits = infotext.model or "", infotext.model_hash or ""
        if digits:
            first = [named] if named and self._shelf.is_installed(named) else []
            others = [model for model in self._shelf.installed if model is not named]
            for checkpoint in (*first, *others):
                own = await self._hash(checkpoint)
                if own and (own.startswith(digits) or digits.startswith(own)):
                    return FoundModel(name, digits, checkpoint, is_installed=True)
        if named is None:
            return FoundModel(name, digits, None, is_installed=False)
        is_installed = self._shelf.is_installed(named)
        return FoundModel(name, digits, named, is_installed, is_other_file=is_installed and bool(digits))

    async def _hash(self, checkpoint: Checkpoint) -> str:
        """Empty if the weights can't be read right now."""
        weights = self._shelf.installation(checkpoint.id).weights
        async with self._hashing:  # gigabytes, so one model at a time
            try:
                return await asyncio.to_thread(hash_weights, weights)
            except OSError:
                return ""

    def _named(self, name: str | None) -> Checkpoint | None:
        try:
            return self._shelf.find(name) if name else None
        except UserError:
            return None

    def _default(self) -> Checkpoint | None:
        try:
            return self._stocks.shared.installed_checkpoint(None)
        except UserError:
            return None

    def _of_model(self, model: FoundModel, drawn_by: Checkpoint | None) -> list[str]:
        if model.is_other_file and model.checkpoint is not None:
            return [f"The {model.checkpoint.title} installed here has different weights, so the picture will differ."]
        if model.is_installed:
            return []
        instead = f"{drawn_by.title} will draw it instead" if drawn_by else "choose a model to draw it with"
        if model.checkpoint is not None:
            return [f"{model.checkpoint.title} isn't installed here: {instead}, and the picture will look different."]
        if model.name or model.digits:
            return [f"Its model is unknown here: {instead}, and the picture will look different."]
        return [f"It doesn't name a model: {instead}."]


def _read(text: str) -> Infotext:
    infotext = read_infotext(text)
    if infotext is None:
        raise UserError("That picture's metadata isn't in A1111's format, so I can't tell how it was made.")
    return infotext
