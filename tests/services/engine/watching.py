"""Latents of real renders: what the denoising loop ended with, before it is decoded, and what it was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from services.engine.loader import LoadedCheckpoint
from services.engine.renderer import render
from services.parameters import GenerationParameters


class Watched:
    """Mixed in before a real pipeline: keeps a call's inputs, and the latents of its last step."""

    inputs: dict[str, Any]
    latents: torch.Tensor

    def __call__(self, *, callback_on_step_end: Callable[..., Any], **inputs: Any) -> Any:
        def keep(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            self.latents = tensors["latents"].clone()
            return callback_on_step_end(pipe, step, timestep, tensors)

        self.inputs = inputs
        return super().__call__(callback_on_step_end=keep, **inputs)  # type: ignore[misc]  # of the pipeline that stands behind


def of_kind(kind: Any, pipe: Any) -> Any:
    """The parts of `pipe` in a pipeline of another kind."""
    extras = {} if "text_encoder_2" in pipe.components else {"requires_safety_checker": False}
    made = kind(**pipe.components, **extras)
    made.set_progress_bar_config(disable=True)
    return made


def watched(loaded: LoadedCheckpoint) -> LoadedCheckpoint:
    """The same checkpoint, text side and weights included, whose latents can be seen."""
    return replace(loaded, pipe=of_kind(type("WatchedPipeline", (Watched, type(loaded.pipe)), {}), loaded.pipe))


def latents_of(loaded: LoadedCheckpoint, plans: Sequence[GenerationParameters]) -> torch.Tensor:
    """What a `watched` checkpoint makes of plans that share a batch. Shape: (pictures, channels, height, width)."""
    render(loaded, plans, lambda *_: None)
    return loaded.pipe.latents
