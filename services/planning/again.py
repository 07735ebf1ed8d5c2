"""Back from a plan to the request for it, and from a refused or improvable request to a better one."""

from __future__ import annotations

from services.choices import NO_EMBEDDING, EmbeddingChoice
from services.parameters import PlanRecord
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
    )


def mended(request: GenerationRequest, remedy: Remedy) -> GenerationRequest:
    """The request with what the remedy changes."""
    return GenerationRequest.from_json({**request.as_json(), **remedy.change})
