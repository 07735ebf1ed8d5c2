"""Train a negative embedding by textual inversion: vectors that represent what is wrong with a set of pictures.

Only the vectors are trained; the checkpoint stays frozen. They are injected into the text encoder by the same hook that
applies them when rendering. Captions describe what is *in* the pictures, so that only the flaw is left for the vectors.

Source: Gal et al. 2022, arXiv:2208.01618; captioning the content as for FoodDesert's boring_e621.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.architecture import Architecture
from embeddings.embedding import MAX_VECTORS, Embedding
from embeddings.errors import TrainingFailed
from embeddings.injection import Placement, VectorInjector

#: if the loss falls by less than this share, the vectors learnt nothing and would have no effect as a negative
LEAST_PROGRESS = 0.01
_AFTER_BOS = 1  # position of the vectors, behind the begin-of-text token
_MEASUREMENTS = 4  # batches that the loss is averaged over before and after


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The defaults suit a tiny checkpoint; SD 1.5 needs a learning rate of about 0.005 and thousands of steps."""

    vectors: int = 2
    steps: int = 150
    learning_rate: float = 0.03
    batch: int = 8
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The embedding, and the loss before and after, on the same noise."""

    embedding: Embedding
    loss_before: float
    loss_after: float

    @property
    def progress(self) -> float:
        """The share by which the loss fell."""
        return 1 - self.loss_after / self.loss_before


def train_embedding(
    pipe: Any,
    architecture: Architecture,
    pictures: NDArray[np.uint8],
    captions: Sequence[str],
    settings: TrainingSettings | None = None,
    on_step: Callable[[int, int, float], None] | None = None,
) -> TrainingResult:
    """Train vectors that make `pipe` predict such pictures.

    `pipe` is a StableDiffusionPipeline with one text encoder; it isn't changed. `on_step` gets step, steps and loss.

    Shape: pictures (n, height, width, 3), at the size the checkpoint renders; one caption each, which may be empty.
    Raises: TrainingFailed, if the loss didn't fall; ValueError, for settings that can't work.
    """
    settings = settings or TrainingSettings()
    if len(architecture.facts.encoders) != 1:
        raise ValueError("only architectures with one text encoder can be trained")
    if not 1 <= settings.vectors <= MAX_VECTORS or len(pictures) != len(captions) or not len(pictures):
        raise ValueError(f"needs 1 to {MAX_VECTORS} vectors, at least one picture, and a caption for each")
    if settings.steps < 1 or settings.batch < 1:
        raise ValueError("needs at least one step, with at least one picture each")
    generator = torch.Generator().manual_seed(settings.seed)
    objective = _Objective(pipe, pictures, captions, settings.vectors)
    try:
        rows = objective.initial_rows(generator).requires_grad_()
        before = objective.measure(rows, settings)
        for step, loss in enumerate(_optimise(objective, rows, settings, generator), start=1):
            if on_step is not None:
                on_step(step, settings.steps, loss)
        after = objective.measure(rows, settings)
    finally:
        objective.close()
    if not after < before * (1 - LEAST_PROGRESS):
        raise TrainingFailed(
            f"The loss didn't fall enough ({before:.4f} → {after:.4f}), so the embedding would have no effect. Use pictures "
            "that share one kind of flaw, more steps, or a higher learning rate."
        )
    (encoder,) = architecture.facts.encoders
    vectors = rows.detach().float().numpy().copy()
    return TrainingResult(Embedding(architecture, {encoder: vectors}, metadata={}), before, after)


def _optimise(
    objective: _Objective, rows: torch.Tensor, settings: TrainingSettings, generator: torch.Generator
) -> Iterator[float]:
    """Optimise `rows` in place; yields the loss of each step."""
    optimiser = torch.optim.AdamW([rows], lr=settings.learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    for _ in range(settings.steps):
        optimiser.zero_grad()
        loss = objective.loss(rows, *objective.draw(settings.batch, generator))
        loss.backward()
        optimiser.step()
        schedule.step()
        yield float(loss.detach())


class _Objective:
    """The denoising loss of a frozen checkpoint on given pictures, as a function of the vectors."""

    def __init__(self, pipe: Any, pictures: NDArray[np.uint8], captions: Sequence[str], num_vectors: int) -> None:
        self._pipe = pipe
        self._num_vectors = num_vectors
        self._latents = self._encode(pictures)
        self._ids = self._tokenize(captions)
        self._frozen = [parameter for part in (pipe.unet, pipe.text_encoder) for parameter in part.parameters()]
        self._had_gradients = [parameter.requires_grad for parameter in self._frozen]
        for parameter in self._frozen:
            parameter.requires_grad_(False)
        self._injector = VectorInjector(pipe.text_encoder)
        alphas = pipe.scheduler.alphas_cumprod.float()
        self._signal, self._spread = alphas.sqrt(), (1 - alphas).sqrt()
        self._predicts_v = pipe.scheduler.config.prediction_type == "v_prediction"

    def close(self) -> None:
        """Restore the pipeline."""
        self._injector.remove()
        for parameter, had in zip(self._frozen, self._had_gradients, strict=True):
            parameter.requires_grad_(had)

    def initial_rows(self, generator: torch.Generator) -> torch.Tensor:
        """Random directions, with the median norm of the vocabulary's rows."""
        table = self._pipe.text_encoder.get_input_embeddings().weight.detach().float()
        rows = torch.randn(self._num_vectors, table.shape[1], generator=generator)
        return rows / rows.norm(dim=1, keepdim=True) * table.norm(dim=1).median()

    def draw(self, batch: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Random pictures, timesteps spread over the whole range, and noise."""
        chosen = torch.randint(len(self._latents), (batch,), generator=generator)
        total = len(self._signal)
        steps = ((torch.arange(batch) + torch.rand(batch, generator=generator)) / batch * total).long()
        return chosen, steps, torch.randn((batch, *self._latents.shape[1:]), generator=generator)

    def loss(self, rows: torch.Tensor, chosen: torch.Tensor, steps: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        x0 = self._latents[chosen]
        signal, spread = (tensor[steps].view(-1, 1, 1, 1) for tensor in (self._signal, self._spread))
        placements = [[Placement(_AFTER_BOS, rows)] for _ in chosen]
        with self._injector.placing(placements):
            states = self._pipe.text_encoder(self._ids[chosen]).last_hidden_state
        predicted = self._pipe.unet(signal * x0 + spread * noise, steps, states).sample
        target = signal * noise - spread * x0 if self._predicts_v else noise
        return (predicted - target).pow(2).mean()

    @torch.no_grad()
    def measure(self, rows: torch.Tensor, settings: TrainingSettings) -> float:
        """The loss on the same draws every time."""
        generator = torch.Generator().manual_seed(settings.seed + 1)
        losses = [self.loss(rows, *self.draw(4 * settings.batch, generator)) for _ in range(_MEASUREMENTS)]
        return math.fsum(float(loss) for loss in losses) / len(losses)

    @torch.no_grad()
    def _encode(self, pictures: NDArray[np.uint8]) -> torch.Tensor:
        pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
        vae = self._pipe.vae
        parts = [vae.encode(part.to(vae.dtype)).latent_dist.mode().float() for part in pixels.split(16)]
        return torch.cat(parts) * vae.config.scaling_factor

    def _tokenize(self, captions: Sequence[str]) -> torch.Tensor:
        """Token ids of the captions, with room for the vectors behind the begin-of-text token."""
        tokenizer = self._pipe.tokenizer
        longest = tokenizer.model_max_length - self._num_vectors
        ids = tokenizer(list(captions), padding="max_length", max_length=longest, truncation=True)["input_ids"]
        return torch.tensor([[row[0], *[row[0]] * self._num_vectors, *row[1:]] for row in ids])
