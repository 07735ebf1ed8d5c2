"""Write an embedding as an ordinary safetensors file that records where it came from.

Source: the metadata keys are those of Stability AI's ModelSpec 1.0.1, which SwarmUI and kohya read and write too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from embeddings.conditionings import POOLED_KEY, STATES_KEY
from embeddings.embedding import POOLED, STATES, Embedding
from embeddings.tensors import RawTensor, pack

NEGATIVE = "modelspec.is_negative_embedding"
#: metadata key: SHA-256 of the file that this one was converted from, by which the catalog can recognise it
SOURCE_HASH = "source.sha256"

_CONDITIONING_KEYS = {STATES: STATES_KEY, POOLED: POOLED_KEY}
#: architecture → its name in `modelspec.architecture`
_MODELSPEC_NAMES = {
    "demo": "demo",
    "sd1": "stable-diffusion-v1",
    "sd2": "stable-diffusion-v2-768-v",
    "sdxl": "stable-diffusion-xl-v1-base",
}


def write_file(path: Path, embedding: Embedding, *, title: str, provenance: Mapping[str, str]) -> None:
    """Write `embedding` to `path`; see `file_bytes`. Raises: OSError."""
    path.write_bytes(file_bytes(embedding, title=title, provenance=provenance))


def file_metadata(embedding: Embedding, *, title: str, provenance: Mapping[str, str]) -> dict[str, str]:
    """Metadata that marks a file as a negative embedding, with all entries of `provenance`."""
    kind = "conditioning" if embedding.is_conditioning else "textual-inversion"
    return {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.title": title,
        "modelspec.architecture": f"{_MODELSPEC_NAMES[embedding.architecture]}/{kind}",
        NEGATIVE: "true",
        **provenance,
    }


def file_bytes(embedding: Embedding, *, title: str, provenance: Mapping[str, str]) -> bytes:
    """A safetensors file of `embedding`, with the metadata of `file_metadata`."""
    metadata = file_metadata(embedding, title=title, provenance=provenance)
    tensors = dict(embedding.vectors)
    if embedding.is_conditioning:
        tensors = {_CONDITIONING_KEYS[part]: rows for part, rows in tensors.items()}
    elif len(tensors) == 1:
        tensors = {"emb_params": next(iter(tensors.values()))}
    # safetensors' own save writes metadata in random order, which would change the file's hash every time
    return pack(
        {key: RawTensor("F32", rows.shape, rows.astype("<f4").tobytes()) for key, rows in tensors.items()}, metadata
    )
