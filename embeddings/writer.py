"""Write an embedding as an ordinary safetensors file that says where it comes from.

Source: the metadata keys are those of SAI's ModelSpec 1.0.1, which SwarmUI and kohya read and write too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from embeddings.embedding import Embedding
from embeddings.tensors import RawTensor, pack

NEGATIVE = "modelspec.is_negative_embedding"
#: metadata key: the SHA-256 of the file that this one was made from, so that the catalog may know it again
SOURCE_HASH = "source.sha256"

_TITLES_IN_MODELSPEC = {
    "demo": "demo",
    "sd1": "stable-diffusion-v1",
    "sd2": "stable-diffusion-v2-768-v",
    "sdxl": "stable-diffusion-xl-v1-base",
}


def write_file(path: Path, embedding: Embedding, *, title: str, provenance: Mapping[str, str]) -> None:
    """Write `embedding` to `path`; see `file_bytes`. Raises: OSError."""
    path.write_bytes(file_bytes(embedding, title=title, provenance=provenance))


def file_metadata(embedding: Embedding, *, title: str, provenance: Mapping[str, str]) -> dict[str, str]:
    """What marks a file as a negative embedding; `provenance` is added as it is."""
    return {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.title": title,
        "modelspec.architecture": f"{_TITLES_IN_MODELSPEC[embedding.architecture]}/textual-inversion",
        NEGATIVE: "true",
        **provenance,
    }


def file_bytes(embedding: Embedding, *, title: str, provenance: Mapping[str, str]) -> bytes:
    """A safetensors file of `embedding`, with the metadata of `file_metadata`."""
    metadata = file_metadata(embedding, title=title, provenance=provenance)
    vectors = dict(embedding.vectors)
    tensors = {"emb_params": next(iter(vectors.values()))} if len(vectors) == 1 else vectors
    # not safetensors' own save: it shuffles the metadata, and with it the file's hash, by which everybody knows a file
    return pack(
        {key: RawTensor("F32", rows.shape, rows.astype("<f4").tobytes()) for key, rows in tensors.items()}, metadata
    )
