"""The judge: a small classifier for the shape, the colour and the artifacts in a picture of the demo world.

It is trained on drawn pictures. Half of them go through the checkpoint's autoencoder first, so that the judge knows its
texture, and a third of the artifacts are faint, so that the trace of a watermark counts as a watermark. `python -m demo.judge`
trains it again.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from demo.artifacts import ARTIFACTS, damage
from demo.world import COLOURS, SHAPES, Scene, draw, random_scene

HERE = Path(__file__).parent
FILE = HERE / "judge.safetensors"
PICTURES = 6_000
EPOCHS = 12
_BATCH = 64
_LEARNING_RATE = 3e-3
_FAINT_SHARE = 1 / 3
_FAINTEST = 0.5  # share of an artifact's full strength
_KINDS = (len(ARTIFACTS), len(SHAPES), len(COLOURS))


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the judge sees in n pictures.

    Shape: artifacts (n, 3), bool, in the order of ARTIFACTS; shapes and colours (n,), indices of SHAPES and COLOURS.
    """

    artifacts: NDArray[np.bool_]
    shapes: NDArray[np.int64]
    colours: NDArray[np.int64]


class Judge(nn.Module):
    """Four convolutions and one linear layer; 0.1 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 48, 64, 64)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(8, after), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 4, sum(_KINDS)))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The logits of artifacts, shapes and colours.

        Shape: pixels (n, 3, 64, 64), from −1 to 1; logits (n, 3), (n, shapes), (n, colours).
        """
        return self.body(pixels).split(_KINDS, dim=1)

    @torch.inference_mode()
    def classify(self, pictures: NDArray[np.uint8]) -> Verdicts:
        """Classify pictures.

        Shape: pictures (n, 64, 64, 3).
        """
        parts = [self(part) for part in as_pixels(pictures).split(256)]
        artifacts, shapes, colours = (torch.cat(kind) for kind in zip(*parts, strict=True))
        return Verdicts((artifacts > 0).numpy(), shapes.argmax(1).numpy(), colours.argmax(1).numpy())


def load_judge(path: Path = FILE) -> Judge:
    """Load a trained judge; by default, the shipped one."""
    judge = Judge()
    judge.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
    return judge.eval()


def save_judge(judge: Judge, path: Path) -> None:
    """Save the weights in half precision."""
    save_file({name: tensor.half() for name, tensor in judge.state_dict().items()}, path)


def train_judge(autoencoder: Any, pictures: int = PICTURES, epochs: int = EPOCHS, seed: int = 0) -> Judge:
    """Train a judge. On one thread, the defaults take about two minutes."""
    torch.manual_seed(seed)
    pixels, labels = _training_set(autoencoder, pictures, seed)
    judge = Judge()
    optimiser = torch.optim.AdamW(judge.parameters(), lr=_LEARNING_RATE, weight_decay=1e-3)
    steps = epochs * -(-pictures // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(pictures).split(_BATCH):
            artifacts, shapes, colours = judge(_augmented(pixels[chosen]))
            truth = labels[chosen]
            loss = (
                functional.binary_cross_entropy_with_logits(artifacts, truth[:, :3].float())
                + functional.cross_entropy(shapes, truth[:, 3])
                + functional.cross_entropy(colours, truth[:, 4])
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    return judge.eval()


def as_pixels(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """(n, 64, 64, 3) uint8 → (n, 3, 64, 64), from −1 to 1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.inference_mode()
def reconstruct(autoencoder: Any, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Encode and decode pictures with the autoencoder."""
    encoded = [autoencoder.encode(part).latent_dist.mode() for part in as_pixels(pictures).split(32)]
    parts = [autoencoder.decode(latents).sample for latents in encoded]
    drawn = ((torch.cat(parts).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return drawn.permute(0, 2, 3, 1).numpy()


def labelled_pictures(
    count: int, rng: random.Random, strength: float | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw pictures with any combination of artifacts, and their labels.

    `strength`, from 0 to 1, applies to all artifacts; without it, a third of them are faint.
    Shape: (count, 64, 64, 3) and (count, 5): three artifacts, shape, colour.
    """
    pictures, labels = [], []
    for _ in range(count):
        artifacts = tuple(artifact for artifact in ARTIFACTS if rng.random() < 0.4)
        scene = replace(random_scene(rng), artifacts=artifacts)
        pictures.append(np.asarray(_draw_faded(scene, rng, strength)))
        truth = [int(artifact in artifacts) for artifact in ARTIFACTS]
        labels.append([*truth, SHAPES.index(scene.shape), tuple(COLOURS).index(scene.colour)])
    return np.stack(pictures), np.array(labels)


def _draw_faded(scene: Scene, rng: random.Random, strength: float | None) -> Image.Image:
    image = draw(replace(scene, artifacts=()), rng)
    for artifact in scene.artifacts:
        share = strength
        if share is None:
            share = rng.uniform(_FAINTEST, 1) if rng.random() < _FAINT_SHARE else 1.0
        image = Image.blend(image, damage(image, artifact, rng), share)
    return image


def _training_set(autoencoder: Any, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    pictures, labels = labelled_pictures(count, random.Random(f"judge {seed}"))
    pictures[::2] = reconstruct(autoencoder, pictures[::2])
    return as_pixels(pictures), torch.from_numpy(labels)


def _augmented(pixels: torch.Tensor) -> torch.Tensor:
    """Vary saturation, contrast and noise a little, as guidance does."""
    grey = pixels.mean(dim=1, keepdim=True)
    pixels = grey + (pixels - grey) * torch.empty(len(pixels), 1, 1, 1).uniform_(0.9, 1.5)
    middle = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = middle + (pixels - middle) * torch.empty(len(pixels), 1, 1, 1).uniform_(0.95, 1.3)
    return (pixels + 0.03 * torch.randn_like(pixels)).clamp(-1, 1)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often the judge is right on pictures that it wasn't trained on, as shares from 0 to 1."""

    recall: float
    precision: float
    shape: float
    colour: float

    def __str__(self) -> str:
        return (
            f"artifacts: recall {self.recall:.1%}, precision {self.precision:.1%}; "
            f"shape right {self.shape:.1%}, colour right {self.colour:.1%}"
        )


def evaluate(judge: Judge, pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> Reliability:
    """Measure the judge on labelled pictures."""
    seen, truth = judge.classify(pictures), labels[:, :3].astype(bool)
    hits = (seen.artifacts & truth).sum()
    return Reliability(
        recall=float(hits / truth.sum()),
        precision=float(hits / max(1, seen.artifacts.sum())),
        shape=float((seen.shapes == labels[:, 3]).mean()),
        colour=float((seen.colours == labels[:, 4]).mean()),
    )


def report(judge: Judge, autoencoder: Any, count: int = 600) -> dict[str, Reliability]:
    """Measure the judge on held-out drawings: artifacts at full and half strength, as drawn and through the autoencoder."""
    figures: dict[str, Reliability] = {}
    for name, strength in (("full strength", 1.0), ("half strength", 0.5)):
        pictures, labels = labelled_pictures(count, random.Random(f"held out {name}"), strength)
        figures[f"{name}, as drawn"] = evaluate(judge, pictures, labels)
        figures[f"{name}, through the autoencoder"] = evaluate(judge, reconstruct(autoencoder, pictures), labels)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m demo.judge", description="Train the judge, save it, and print how reliable it is."
    )
    parser.add_argument(
        "--checkpoint", type=Path, default=HERE / "checkpoint", help="whose autoencoder half the pictures go through"
    )
    parser.add_argument("--out", type=Path, default=FILE, help="where to save the judge")
    options = parser.parse_args()
    torch.set_num_threads(1)
    autoencoder = AutoencoderKL.from_pretrained(options.checkpoint, subfolder="vae").eval()
    judge = train_judge(autoencoder)
    save_judge(judge, options.out)
    for name, reliability in report(load_judge(options.out), autoencoder).items():
        print(f"{name}: {reliability}")


if __name__ == "__main__":
    main()
