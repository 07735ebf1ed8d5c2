"""The hash that identifies a model."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from services.checkpoints.hashes import hash_weights


def test_the_hash_of_a_single_file_is_of_its_whole_content(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    path.write_bytes(b"weights")
    assert hash_weights(path) == hashlib.sha256(b"weights").hexdigest()[:10]


def test_the_hash_of_a_folder_is_that_of_its_unet(tmp_path: Path) -> None:
    for part in ("unet", "vae"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "weights.safetensors").write_bytes(part.encode())
    assert hash_weights(tmp_path) == hashlib.sha256(b"unet").hexdigest()[:10]


def test_weights_are_hashed_again_only_if_the_file_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    path.write_bytes(b"weights")
    first, read_at = hash_weights(path), path.stat()
    path.write_bytes(b"WEIGHTS")
    os.utime(path, ns=(read_at.st_atime_ns, read_at.st_mtime_ns))
    assert hash_weights(path) == first
    os.utime(path, ns=(read_at.st_atime_ns, read_at.st_mtime_ns + 1))
    assert hash_weights(path) == hashlib.sha256(b"WEIGHTS").hexdigest()[:10]


def test_a_folder_without_weights_has_no_hash(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hash_weights(tmp_path)
