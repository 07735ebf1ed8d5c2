"""Read what members of other bots write behind a prompt into the request; options that were typed win."""

from __future__ import annotations

from dataclasses import replace

from services.prompting.flags import take_flags
from services.requests import GenerationRequest


def with_flags_read(request: GenerationRequest) -> GenerationRequest:
    """The request with the settings in its prompt where they belong. What `--no` names is added to the negative prompt."""
    flags = take_flags(request.prompt or "")
    if not request.prompt or flags.prompt == request.prompt:
        return request
    negative = ", ".join(filter(None, (request.negative, flags.negative)))
    read = replace(request, prompt=flags.prompt, negative=negative or None)
    return read.over(GenerationRequest(size=flags.size, seed=flags.seed))
