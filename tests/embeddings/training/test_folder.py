"""Training from a folder of pictures, as users do from the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.inversions import bad_pictures
from embeddings.architecture import Architecture
from embeddings.errors import TrainingFailed
from embeddings.reader import read_file
from embeddings.training.folder import read_pictures

CHECKPOINT = Path(__file__).parents[3] / "demo" / "checkpoint"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Washed-out pictures, captioned with their content."""
    folder = tmp_path / "bad"
    folder.mkdir()
    for number, (picture, caption) in enumerate(zip(*bad_pictures(("washed out",), 8), strict=True)):
        Image.fromarray(picture).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(caption)
    return folder


def train(folder: Path, target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "embeddings", "train", str(folder), str(target), "--checkpoint", str(CHECKPOINT)]
    return subprocess.run([*command, *options], capture_output=True, text=True, timeout=150, check=False)


def test_a_folder_becomes_an_embedding_with_provenance(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "faded.safetensors"
    done = train(folder, target, "--steps", "16", "--learning-rate", "0.03", "--vectors", "3")
    assert done.returncode == 0, done.stderr
    assert "faded.safetensors: 3 vectors, loss 0." in done.stdout
    embedding = read_file(target).embedding
    assert (embedding.architecture, embedding.num_vectors) == (Architecture.DEMO, 3)
    assert embedding.metadata["modelspec.is_negative_embedding"] == "true"
    assert embedding.metadata["training.pictures"] == "8"
    again = train(folder, target, "--steps", "16")
    assert again.returncode == 2
    assert again.stderr.strip().endswith("must not exist yet.")


def test_pictures_of_any_size_are_cropped_to_squares_and_captioned(tmp_path: Path) -> None:
    Image.new("RGBA", (90, 50), "red").save(tmp_path / "b.png")
    Image.new("L", (20, 80), 128).save(tmp_path / "a.webp", lossless=True)
    (tmp_path / "b.txt").write_text(" a red sheet \n")
    pictures, captions = read_pictures(tmp_path, 16)
    assert pictures.shape == (2, 16, 16, 3)
    assert captions == ["", "a red sheet"]
    assert np.ptp(pictures[0]) == 0


def test_a_folder_that_cant_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="contains 0 pictures"):
        read_pictures(tmp_path, 16)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(TrainingFailed, match=r"broken\.png can't be read as a picture"):
        read_pictures(tmp_path, 16)
