"""What a preset may hold: exactly what could be drawn with. The planner's own rules, asked before anybody draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from embeddings.library import Library
from services.checkpoints import Checkpoint, Shelf
from services.errors import PromptTooLong, UnknownName, UserError
from services.parameters import MAX_COUNT
from services.planning.limits import MAX_CFG, measure, number, parse_size, whole
from services.planning.picks import NONE, EmbeddingLimits, pick_embeddings, refuse_no_effect, split_strength
from services.presets.layers import Filled, embedding_keys
from services.prompting.tokens import load_tokenizer
from services.requests import GenerationRequest, Preset
from services.samplers import find_sampler

#: of a prompt or negative prompt in characters; a form takes no more
MAX_TEXT = 4000
_NOTHING_TRUSTED = GenerationRequest()


class Missing(NamedTuple):
    """Something that a preset names and that is not installed."""

    kind: str  # "model" or "embedding"
    name: str


class PresetRules:
    """Knows the models and the library; knows no server."""

    def __init__(self, *, shelf: Shelf, library: Library, limits: EmbeddingLimits) -> None:
        self._shelf = shelf
        self._library = library
        self._limits = limits

    def settle(self, request: GenerationRequest, *, trusted: GenerationRequest = _NOTHING_TRUSTED) -> GenerationRequest:
        """Check every setting as it would be when it is used; returns the request in the words it is stored in.

        What `trusted` names may be missing: it was there once, or comes from another place, and the rest can still be
        put right. A preset without a model is sound if any installed model could draw it; where all of it is trusted,
        if any model that is described could. May read a tokenizer from the disk.

        Raises: UserError.
        """
        for text in (request.prompt or "", request.negative or ""):
            if len(text) > MAX_TEXT:
                raise PromptTooLong(f"A preset's texts have at most {MAX_TEXT} characters each: please shorten it.")
        absent = set(self.missing(trusted))
        model_is_absent = Missing("model", request.model or "") in absent
        if request.model is not None and not model_is_absent:
            candidates = [self._shelf.find_installed(request.model)]
        elif model_is_absent or request == trusted or not self._shelf.installed:
            candidates = sorted(self._shelf, key=self._shelf.is_installed, reverse=True)
        else:
            candidates = list(self._shelf.installed)
        sampler = find_sampler(request.sampler) if request.sampler is not None else None
        size = self._refuse_unless_one_takes(candidates, request, self._present(request, absent))
        model = request.model if request.model is None or model_is_absent else candidates[0].id
        embeddings = tuple(_tidy(name) for name in request.embeddings) if request.embeddings else None
        return replace(request, model=model, sampler=sampler, size=size, embeddings=embeddings)

    def missing(self, request: GenerationRequest) -> list[Missing]:
        """What the request names and nobody could draw with now."""
        found: list[Missing] = []
        if request.model is not None and not self._has_model(request.model):
            found.append(Missing("model", request.model))
        bare = [_bare(name) for name in request.embeddings or ()]
        absent = [name for name in bare if name.casefold() not in NONE and self._library.find(name) is None]
        return [*found, *(Missing("embedding", name) for name in absent)]

    def refuse_missing(self, typed: GenerationRequest, filled: Filled) -> None:
        """Raise UnknownName, if a preset brings something into the wish that is not installed any more."""
        brought = embedding_keys(filled.request.embeddings) - embedding_keys(typed.embeddings)
        for preset in filter(None, (filled.named, *filled.defaults)):
            needed = [
                one
                for one in self.missing(preset.request)
                if (one.kind == "embedding" and one.name.casefold() in brought)
                or (one.kind == "model" and one.name == filled.request.model != typed.model)
            ]
            if needed:
                raise UnknownName(_needs(preset, needed, is_named=preset is filled.named))

    def _has_model(self, name: str) -> bool:
        try:
            return self._shelf.is_installed(self._shelf.find(name))
        except UserError:
            return False

    def _present(self, request: GenerationRequest, absent: set[Missing]) -> Sequence[str]:
        names = request.embeddings or ()
        if len(names) > self._limits.maximum:
            return names  # too many, installed or not: that is what is said then
        for name in names:
            split_strength(name)
        return [name for name in names if Missing("embedding", _bare(name)) not in absent]

    def _refuse_unless_one_takes(
        self, candidates: Sequence[Checkpoint], request: GenerationRequest, names: Sequence[str]
    ) -> str | None:
        """The size, as that model writes it."""
        refused: UserError | None = None
        for checkpoint in candidates:
            try:
                size = self._check_with(checkpoint, request, names)
            except UserError as error:
                refused = refused or error
            else:
                return size if request.size is not None else None
        raise refused or UserError("No model is described here, so nothing can be drawn; tell the operator.")

    def _check_with(self, checkpoint: Checkpoint, request: GenerationRequest, names: Sequence[str]) -> str:
        cfg = number("CFG", request.cfg, checkpoint.cfg, 0, MAX_CFG)
        whole("Steps", request.steps, checkpoint.steps, 1, checkpoint.max_steps)
        whole("Count", request.count, 1, 1, MAX_COUNT)
        width, height = parse_size(request.size, checkpoint)
        picks = pick_embeddings(names, checkpoint, self._library, self._limits) if names else []
        refuse_no_effect(picks, checkpoint, cfg)
        if self._shelf.is_installed(checkpoint):
            tokenize = load_tokenizer(self._shelf.installation(checkpoint.id).configuration)
            measure(request.prompt or "", request.negative or "", picks, tokenize)
        return f"{width}x{height}"


def _needs(preset: Preset, needed: Sequence[Missing], *, is_named: bool) -> str:
    things = " and ".join(f"no {one.kind} '{one.name[:60]}'" for one in needed)
    them = "it" if len(needed) == 1 else "them"
    whose, remedy = ("preset", "use another preset") if is_named else ("default preset", "name others yourself")
    return (
        f"There is {things} here any more, and the {whose} '{preset.name}' needs {them}: {remedy}, or ask somebody who "
        "manages the server to change it with /preset edit."
    )


def _bare(name: str) -> str:
    return name.rpartition(":")[0].strip() or name.strip()


def _tidy(name: str) -> str:
    bare, strength = split_strength(name)
    return bare if strength is None else f"{bare}:{strength:g}"
