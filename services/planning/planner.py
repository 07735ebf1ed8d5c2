"""From wish to plan: every choice made, every rule checked, or one sentence that says what to do instead."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from embeddings.library import Library
from services.checkpoints import Shelf
from services.errors import UserError
from services.parameters import MAX_COUNT, MAX_SEED, GenerationParameters
from services.planning.advice import advise
from services.planning.limits import MAX_CFG, measure, number, parse_size, whole
from services.planning.picks import EmbeddingLimits, pick_embeddings, placed, refuse_no_effect
from services.prompting.mentions import embeddings_apart
from services.prompting.tokens import load_tokenizer
from services.requests import GenerationRequest
from services.samplers import find_sampler


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what the advice says of it."""

    parameters: GenerationParameters
    hints: tuple[str, ...]


class Planner:
    """Knows the models and the library; knows no server and no preset."""

    def __init__(self, *, shelf: Shelf, library: Library, limits: EmbeddingLimits, default_model: str) -> None:
        self._shelf = shelf
        self._library = library
        self._limits = limits
        self._default_model = default_model

    def embeddings_apart(self, request: GenerationRequest) -> GenerationRequest:
        """The wish with `(EasyNegative:0.8)` in its negative prompt chosen as an embedding instead."""
        return embeddings_apart(request, self._library)

    def plan(self, request: GenerationRequest) -> Planned:
        """Decide everything that the request leaves open and check it.

        Raises: UserError.
        """
        request = self.embeddings_apart(request)
        # 1. the model, since all else depends on it
        checkpoint = self._shelf.find_installed(request.model or self._default_model)
        # 2. numbers
        cfg = number("CFG", request.cfg, checkpoint.cfg, 0, MAX_CFG)
        steps = whole("Steps", request.steps, checkpoint.steps, 1, checkpoint.max_steps)
        count = whole("Count", request.count, 1, 1, MAX_COUNT)
        seed = whole("The seed", request.seed, secrets.randbelow(MAX_SEED - MAX_COUNT), 0, MAX_SEED - count + 1)
        width, height = parse_size(request.size, checkpoint)
        sampler = find_sampler(request.sampler or checkpoint.sampler)
        # 3. embeddings
        picks = pick_embeddings(request.embeddings, checkpoint, self._library, self._limits)
        refuse_no_effect(picks, checkpoint, cfg)
        # 4. prompts
        prompt, negative = _prompt(request.prompt), (request.negative or "").strip()
        budget = measure(prompt, negative, picks, load_tokenizer(self._shelf.installation(checkpoint.id).configuration))
        parameters = GenerationParameters(
            checkpoint=checkpoint.id,
            prompt=prompt,
            negative=negative,
            embeddings=tuple(placed(pick) for pick in picks),
            cfg=cfg,
            steps=steps,
            width=width,
            height=height,
            seed=seed,
            count=count,
            sampler=sampler,
            clip_skip=checkpoint.clip_skip,
            prompt_tokens=budget.prompt_tokens,
            negative_tokens=budget.negative_tokens,
            chunks=budget.chunks,
        )
        return Planned(parameters, advise(parameters, checkpoint, picks))


def _prompt(typed: str | None) -> str:
    if not (typed or "").strip():
        raise UserError("Say what to draw: /imagine prompt:a red fish in the sea")
    return (typed or "").strip()
