"""The latent space, fixed before any training: standardised principal components of 4 × 4 patches.

The UNet can therefore train right away, and each half of the autoencoder is trained to match these latents. The matrix is
committed, like the tokenizer's merges: weights can only be trained further with the components they were trained with.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("codec.npz")
PATCH = 4  # pixels; the latent factor
CHANNELS = 8


@dataclass(frozen=True, slots=True)
class PatchCodec:
    """Turns pixels into latents with one matrix.

    Shape: mean (48,), components (48, 8), scale (8,).
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    scale: NDArray[np.float32]

    def encode(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, 64, 64, 3) uint8 → (n, 8, 16, 16), each channel with a variance of about 1."""
        flat = np.asarray((patches(pictures) - self.mean) @ self.components / self.scale, dtype=np.float32)
        side = pictures.shape[1] // PATCH
        return flat.reshape(len(pictures), side, side, CHANNELS).transpose(0, 3, 1, 2)

    def save(self, path: Path) -> None:
        np.savez(path, mean=self.mean, components=self.components, scale=self.scale)

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path) as stored:
            return cls(stored["mean"], stored["components"], stored["scale"])


def load_codec() -> PatchCodec:
    """The codec that all shipped weights were trained with."""
    return PatchCodec.load(FILE)


def patches(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 64, 64, 3) uint8 → (n · 256, 48), from −1 to 1."""
    n, height, width, _ = pictures.shape
    pixels = pictures.astype(np.float32) / 127.5 - 1
    blocks = pixels.reshape(n, height // PATCH, PATCH, width // PATCH, PATCH, 3).transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(-1, PATCH * PATCH * 3)


def fit_codec(pictures: NDArray[np.uint8]) -> PatchCodec:
    """Fit the components that keep the most variance of these pictures; codec.npz was fitted to 2,000 drawn pictures."""
    flat = patches(pictures)
    mean = flat.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((flat - mean).T))
    strongest = np.argsort(values)[::-1][:CHANNELS]
    components = vectors[:, strongest].astype(np.float32)
    return PatchCodec(mean.astype(np.float32), components, np.sqrt(values[strongest]).astype(np.float32))
