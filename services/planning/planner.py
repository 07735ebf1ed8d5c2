"""From request to plan: make every choice that is still open and check every rule, or refuse with one sentence."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from services.errors import UserError
from services.parameters import MAX_COUNT, MAX_SEED, RANDOM_SEED, GenerationParameters
from services.planning.advice import advise
from services.planning.leftovers import say_what_stays_words
from services.planning.limits import MAX_CFG, measure, within
from services.planning.picks import pick_embeddings, placed, refuse_no_effect
from services.planning.sizes import parse_size
from services.prompting.tokens import load_tokenizer
from services.remedies import Hint
from services.requests import GenerationRequest
from services.samplers import find_sampler
from services.stock import Stock


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and the hints to show under its pictures, the most useful first."""

    parameters: GenerationParameters
    hints: tuple[Hint, ...]


class Planner:
    """Knows the stock; knows no server and no preset."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    def plan(self, request: GenerationRequest) -> Planned:
        """Decide everything that the request leaves open and check the whole.

        Raises: UserError.
        """
        # 1. the model, since everything else depends on it
        checkpoint = self._stock.installed_checkpoint(request.model)
        # 2. numbers
        cfg = within("CFG", request.cfg, checkpoint.cfg, 0, MAX_CFG)
        steps = within("Steps", request.steps, checkpoint.steps, 1, checkpoint.max_steps)
        count = within("Count", request.count, 1, 1, self._stock.max_count)
        wanted = None if request.seed == RANDOM_SEED else request.seed
        variation_strength = within("Variation strength", request.variation_strength, 0.0, 0, 1)
        variation_seed = within("Variation seed", request.variation_seed, 0, 0, MAX_SEED - count + 1)
        seed = within("Seed", wanted, secrets.randbelow(MAX_SEED - MAX_COUNT), 0, MAX_SEED - count + 1)
        width, height = parse_size(request.size, checkpoint)
        sampler = find_sampler(request.sampler or checkpoint.sampler)
        # 3. embeddings
        picks = pick_embeddings(request.embeddings, checkpoint, self._stock)
        refuse_no_effect(picks, checkpoint, cfg)
        # 4. prompts
        prompt, negative = _prompt(request.prompt), (request.negative or "").strip()
        tokenize = load_tokenizer(self._stock.shelf.installation(checkpoint.id).configuration)
        budget = measure(prompt, negative, picks, tokenize)
        parameters = GenerationParameters(
            checkpoint=checkpoint.id,
            prompt=prompt,
            negative=negative,
            embeddings=tuple(placed(pick) for pick in picks),
            cfg=float(cfg),
            steps=steps,
            width=width,
            height=height,
            seed=seed,
            count=count,
            sampler=sampler,
            clip_skip=checkpoint.clip_skip,
            variation_strength=float(variation_strength),
            variation_seed=variation_seed if variation_strength else 0,
            prompt_tokens=budget.prompt_tokens,
            negative_tokens=budget.negative_tokens,
            chunks=budget.chunks,
        )
        said = say_what_stays_words(prompt, negative, self._stock)
        return Planned(parameters, (*map(Hint, said), *advise(parameters, checkpoint, picks)))


def _prompt(typed: str | None) -> str:
    prompt = (typed or "").strip()
    if not prompt:
        raise UserError("Tell me what to draw, for example /imagine prompt:a red fish in the sea")
    return prompt
