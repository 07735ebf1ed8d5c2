"""Back from a plan to the request for it, and from a refused or improvable request to a better one."""

from __future__ import annotations

from dataclasses import replace

from services.choices import NO_EMBEDDING, EmbeddingChoice
from services.parameters import GenerationParameters, PlanRecord
from services.planning.comparing import shuffled_if_blind
from services.remedies import Remedy
from services.requests import GenerationRequest


def request_of(plan: PlanRecord) -> GenerationRequest:
    """The request that leaves nothing open, so that planning it makes the same plan; of a comparison, its first row."""
    chosen = tuple(EmbeddingChoice(embedding.id, embedding.strength) for embedding in plan.embeddings)
    return GenerationRequest(
        prompt=plan.prompt,
        negative=plan.negative,
        model=plan.checkpoint,
        embeddings=chosen or (EmbeddingChoice(NO_EMBEDDING),),
        cfg=plan.cfg,
        steps=plan.steps,
        size=plan.size,
        seed=plan.seed,
        count=1 if plan.comparison else plan.count,
        sampler=plan.sampler,
        variation_seed=plan.variation_seed if plan.variation_strength else None,
        variation_strength=plan.variation_strength or None,
    )


def with_seed(plan: GenerationParameters, seed: int) -> GenerationParameters:
    """The same with another seed: that of the variation, if it is one; a blind comparison is shuffled anew."""
    if plan.variation_strength:
        return replace(plan, variation_seed=seed)
    return shuffled_if_blind(replace(plan, seed=seed))


def varied(
    plan: GenerationParameters, index: int, strength: float, variation_seed: int, count: int
) -> GenerationParameters:
    """Variations of picture `index`, from 0. Those of a variation are about the picture that it was varied from."""
    return replace(
        plan,
        seed=plan.seed_of(index),
        count=count,
        variation_strength=strength,
        variation_seed=variation_seed,
        comparison=None,
    )


def mended(request: GenerationRequest, remedy: Remedy) -> GenerationRequest:
    """The request with what the remedy changes."""
    return GenerationRequest.from_json({**request.as_json(), **remedy.change})
