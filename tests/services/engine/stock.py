"""diffusers' stock pipelines and embedding loader, and how much two encodings differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from embeddings.architecture import Architecture
from services.engine.conditioning import Conditioning
from services.parameters import PlacedEmbedding

#: encoder → its tokenizer and text encoder in a stock pipeline
PARTS = {
    encoder: parts
    for kind in Architecture
    for encoder, parts in zip(kind.facts.encoders, kind.facts.parts, strict=True)
}


def stock_pipeline(folder: Path) -> Any:
    """A new pipeline in float32, since loading embeddings changes it."""
    if (folder / "text_encoder_2").is_dir():
        return StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32)
    return StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, dtype=torch.float32)


def load_into(pipe: Any, embedding: PlacedEmbedding, token: str = "") -> None:
    """Load with diffusers' own loader, under `token` or the embedding's name in lower case, which it handles correctly."""
    for encoder, vectors in embedding.vectors.items():
        tokenizer, text_encoder = (getattr(pipe, part) for part in PARTS[encoder])
        # a copy, since diffusers keeps the tensor that it's given
        rows = torch.from_numpy(np.array(vectors))
        pipe.load_textual_inversion(
            rows, token=token or embedding.id.lower(), tokenizer=tokenizer, text_encoder=text_encoder
        )


@torch.no_grad()
def encoded_by(pipe: Any, prompt: str, negative: str, **more: Any) -> tuple[Conditioning, Conditioning]:
    """Both prompts as the stock pipeline encodes them."""
    tensors = pipe.encode_prompt(
        prompt=prompt,
        negative_prompt=negative,
        device="cpu",
        num_images_per_prompt=1,
        do_classifier_free_guidance=True,
        **more,
    )
    pooled = tensors[2:] or (None, None)
    return Conditioning(tensors[0], pooled[0]), Conditioning(tensors[1], pooled[1])


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest absolute difference."""
    assert one.shape == other.shape
    return float((one - other).abs().max())


def assert_same(ours: Conditioning, theirs: Conditioning) -> None:
    """Bit-identical, both the states and the pooled output."""
    assert difference(ours.states, theirs.states) == 0
    if ours.pooled is None or theirs.pooled is None:
        assert ours.pooled is theirs.pooled is None
    else:
        assert difference(ours.pooled, theirs.pooled) == 0
