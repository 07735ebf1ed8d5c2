"""What a preset may hold: exactly what could be drawn. The planner's own rules, applied before anyone draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from services.checkpoints import Checkpoint
from services.choices import EmbeddingChoice, checked
from services.errors import PromptTooLong, UnknownName, UserError
from services.parameters import MAX_COUNT
from services.planning.extraction import Extracted, extract_embeddings
from services.planning.limits import MAX_CFG, measure, within
from services.planning.picks import pick_embeddings, refuse_no_effect
from services.planning.sizes import parse_size
from services.presets.layers import Filled, choice_keys
from services.prompting.tokens import load_tokenizer
from services.requests import GenerationRequest, Preset
from services.samplers import find_sampler
from services.stock import Stock
from services.text import and_list, shorten

#: of a prompt or negative prompt, in characters; a form takes no more
MAX_TEXT = 4000
_NOTHING_TRUSTED = GenerationRequest()


class Missing(NamedTuple):
    """Something that a preset names and that isn't installed."""

    kind: str  # "model" or "embedding"
    name: str


class PresetRules:
    """Knows the stock; knows no server."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    def extract(self, request: GenerationRequest) -> Extracted:
        """The request with the embeddings that its negative text names among those it chooses."""
        return extract_embeddings(request, self._stock)

    def settle(self, request: GenerationRequest, *, trusted: GenerationRequest = _NOTHING_TRUSTED) -> GenerationRequest:
        """Check every setting as it would be checked when it is used; returns the request in the form it is stored in.

        What `trusted` names may be missing: it was installed once, or the preset comes from another server, and the rest can
        still be put right. A preset without a model is valid if any installed model could draw it; where all of it is trusted,
        if any described model could. May read a tokenizer from disk.

        Raises: UserError.
        """
        for text in (request.prompt or "", request.negative or ""):
            if len(text) > MAX_TEXT:
                raise PromptTooLong(f"A preset's texts can have {MAX_TEXT:,} characters each; please shorten yours.")
        is_trusted = request == trusted
        request, trusted = self.extract(request).request, self.extract(trusted).request
        absent = set(self.missing(trusted))
        model_is_absent = Missing("model", request.model or "") in absent
        shelf = self._stock.shelf
        if request.model is not None and not model_is_absent:
            candidates = [shelf.find_installed(request.model)]
        elif model_is_absent or is_trusted or not shelf.installed:
            candidates = sorted(shelf, key=shelf.is_installed, reverse=True)
        else:
            candidates = list(shelf.installed)
        sampler = find_sampler(request.sampler) if request.sampler is not None else None
        size = self._refuse_unless_one_takes(candidates, request, self._present(request, absent))
        model = request.model if request.model is None or model_is_absent else candidates[0].id
        return replace(request, model=model, sampler=sampler, size=size)

    def missing(self, request: GenerationRequest) -> list[Missing]:
        """What the request names and nobody could draw with now."""
        found: list[Missing] = []
        if request.model is not None and not self._stock.has_model(request.model):
            found.append(Missing("model", request.model))
        absent = [choice.name for choice in self.extract(request).request.embeddings or () if self._is_absent(choice)]
        return [*found, *(Missing("embedding", name) for name in absent)]

    def refuse_missing(self, typed: GenerationRequest, filled: Filled) -> None:
        """Raise UnknownName, if a preset adds something to the request that is no longer installed."""
        brought = choice_keys(filled.request.embeddings) - choice_keys(typed.embeddings)
        for preset in filter(None, (filled.named, *filled.defaults)):
            needed = [
                missing
                for missing in self.missing(preset.request)
                if (missing.kind == "embedding" and EmbeddingChoice(missing.name).key in brought)
                or (missing.kind == "model" and missing.name == filled.request.model != typed.model)
            ]
            if needed:
                raise UnknownName(_needs(preset, needed, is_named=preset is filled.named))

    def _is_absent(self, choice: EmbeddingChoice) -> bool:
        return not choice.is_nothing and self._stock.embedding(choice.name) is None

    def _present(self, request: GenerationRequest, absent: Iterable[Missing]) -> Sequence[EmbeddingChoice]:
        choices = [checked(choice) for choice in request.embeddings or ()]
        if len(choices) > self._stock.limits.maximum:
            return choices  # too many, installed or not: that is what the member is told
        names = {missing.name for missing in absent if missing.kind == "embedding"}
        return [choice for choice in choices if choice.name not in names]

    def _refuse_unless_one_takes(
        self, candidates: Sequence[Checkpoint], request: GenerationRequest, choices: Sequence[EmbeddingChoice]
    ) -> str | None:
        """The size, as the first model that could draw the request writes it."""
        refused: UserError | None = None
        for checkpoint in candidates:
            try:
                size = self._check_with(checkpoint, request, choices)
            except UserError as error:
                refused = refused or error
            else:
                return size if request.size is not None else None
        raise refused or UserError("No model is described here, so nothing can be drawn; tell the operator.")

    def _check_with(
        self, checkpoint: Checkpoint, request: GenerationRequest, choices: Sequence[EmbeddingChoice]
    ) -> str:
        cfg = within("CFG", request.cfg, checkpoint.cfg, 0, MAX_CFG)
        within("Steps", request.steps, checkpoint.steps, 1, checkpoint.max_steps)
        within("Count", request.count, 1, 1, MAX_COUNT)
        width, height = parse_size(request.size, checkpoint)
        picks = pick_embeddings(choices, checkpoint, self._stock) if choices else []
        refuse_no_effect(picks, checkpoint, cfg)
        shelf = self._stock.shelf
        if shelf.is_installed(checkpoint):
            tokenize = load_tokenizer(shelf.installation(checkpoint.id).configuration)
            measure(request.prompt or "", request.negative or "", picks, tokenize)
        return f"{width}x{height}"


def _needs(preset: Preset, needed: Sequence[Missing], *, is_named: bool) -> str:
    things = and_list(f"{missing.kind} '{shorten(missing.name)}'" for missing in needed)
    verb = "is" if len(needed) == 1 else "are"
    whose, remedy = ("Preset", "Use another preset") if is_named else ("The default preset", "Name your own")
    return (
        f"{whose} '{preset.name}' needs {things}, which {verb} no longer installed. {remedy}, or ask someone who manages "
        "the server to change it with /preset edit."
    )
