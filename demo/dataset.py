"""Draw the training set: pictures, captions as token ids, and latents."""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.captions import example
from demo.latents import load_codec
from demo.tokenizer import build_tokenizer
from demo.world import draw

_CHUNK = 1000  # pictures per task


def make_dataset(folder: Path, size: int, seed: int = 0) -> None:
    """Write pictures.npy, latents.npy, ids.npy and plain.npy into `folder`.

    Shape, in that order: (size, 64, 64, 3) uint8; (size, 8, 16, 16) float16; (size, 77) int32; (size,) bool.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [(seed * 1_000_003 + number, min(_CHUNK, size - number * _CHUNK)) for number in range(-(-size // _CHUNK))]
    with ProcessPoolExecutor(2) as pool:
        drawn = list(pool.map(_draw_chunk, tasks))
    pictures = np.concatenate([part[0] for part in drawn])
    captions = [caption for part in drawn for caption in part[1]]
    plain = np.concatenate([part[2] for part in drawn])
    codec = load_codec()
    latents = np.concatenate([codec.encode(pictures[i : i + _CHUNK]) for i in range(0, size, _CHUNK)])
    tokenizer = build_tokenizer()
    ids = tokenizer(captions, padding="max_length", max_length=77, truncation=True)["input_ids"]
    np.save(folder / "pictures.npy", pictures)
    np.save(folder / "latents.npy", latents.astype(np.float16))
    np.save(folder / "ids.npy", np.array(ids, dtype=np.int32))
    np.save(folder / "plain.npy", plain)


def _draw_chunk(task: tuple[int, int]) -> tuple[NDArray[np.uint8], list[str], NDArray[np.bool_]]:
    seed, count = task
    rng = random.Random(seed)
    examples = [example(rng) for _ in range(count)]
    pictures = np.stack([np.asarray(draw(scene, rng)) for scene, _, _ in examples])
    return pictures, [caption for _, caption, _ in examples], np.array([plain for _, _, plain in examples])
