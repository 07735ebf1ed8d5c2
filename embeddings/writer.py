"""Write an embedding as an ordinary safetensors file that says where it comes from.

Source: the metadata keys are those of SAI's ModelSpec 1.0.1, which SwarmUI and kohya read and write too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.numpy import save_file

from embeddings.embedding import Embedding

_TITLES_IN_MODELSPEC = {
    "demo": "demo",
    "sd1": "stable-diffusion-v1",
    "sd2": "stable-diffusion-v2-768-v",
    "sdxl": "stable-diffusion-xl-v1-base",
}


def write_file(path: Path, embedding: Embedding, *, title: str, provenance: Mapping[str, str]) -> None:
    """Write `embedding` to `path`, marked as a negative embedding; `provenance` is added to the metadata as it is."""
    metadata = {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.title": title,
        "modelspec.architecture": f"{_TITLES_IN_MODELSPEC[embedding.architecture]}/textual-inversion",
        "modelspec.is_negative_embedding": "true",
        **provenance,
    }
    vectors = dict(embedding.vectors)
    tensors = {"emb_params": next(iter(vectors.values()))} if len(vectors) == 1 else vectors
    save_file(tensors, path, metadata=metadata)
