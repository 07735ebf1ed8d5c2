"""The latents of real renders, before the VAE rounds them to 8 bits, and the pipeline's inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from services.engine.loader import LoadedCheckpoint
from services.engine.renderer import render
from services.parameters import GenerationParameters


class RecordingPipeline:
    """A mixin, to be listed before a real pipeline, that keeps a call's inputs and the latents of its last step."""

    inputs: dict[str, Any]
    latents: torch.Tensor

    def __call__(self, *, callback_on_step_end: Callable[..., Any], **inputs: Any) -> Any:
        def keep(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            self.latents = tensors["latents"].clone()
            return callback_on_step_end(pipe, step, timestep, tensors)

        self.inputs = inputs
        return super().__call__(callback_on_step_end=keep, **inputs)  # type: ignore[misc]  # the pipeline's


def with_class(kind: Any, pipe: Any) -> Any:
    """A pipeline of class `kind` with the parts of `pipe`."""
    extras = {} if "text_encoder_2" in pipe.components else {"requires_safety_checker": False}
    made = kind(**pipe.components, **extras)
    made.set_progress_bar_config(disable=True)
    return made


def recording(loaded: LoadedCheckpoint) -> LoadedCheckpoint:
    """The same checkpoint, weights and conditioner included, with its latents recorded."""
    return replace(loaded, pipe=with_class(type("Recording", (RecordingPipeline, type(loaded.pipe)), {}), loaded.pipe))


def latents_of(loaded: LoadedCheckpoint, plans: Sequence[GenerationParameters]) -> torch.Tensor:
    """Render plans that share a batch on a `recording` checkpoint. Shape: (pictures, channels, height, width)."""
    render(loaded, plans, lambda *_: None)
    return loaded.pipe.latents
