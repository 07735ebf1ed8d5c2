"""Write embeddings into a folder that the library reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from embeddings.conversion import Converted
from embeddings.errors import RefusedFile
from embeddings.library import InstalledEmbedding
from services.files import write_atomically


def write_embedding(converted: Converted, folder: Path) -> Path:
    """Raises: RefusedFile, if another file has the name; OSError."""
    path = folder / f"{converted.name}.safetensors"
    if path.exists():
        raise RefusedFile(f"Another embedding is called '{converted.name}'; rename your file.")
    write_atomically(path, converted.installable)
    path.chmod(0o644)
    return path


def copy_embedding(source: Path, target: Path) -> None:
    """Raises: OSError."""
    write_atomically(target, source.read_bytes())
    target.chmod(0o644)


def refuse_duplicate(converted: Converted, installed: Iterable[InstalledEmbedding]) -> None:
    """Raises: RefusedFile, if an installed embedding has the same vectors."""
    for embedding in installed:
        if embedding.content_hash == converted.file.embedding.content_hash:
            raise RefusedFile(f"It's already installed, as '{embedding.id}'.")
