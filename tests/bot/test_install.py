"""`python -m bot install` against a local hub over TLS: what it brings, what it says, and how it goes on after a break."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from embeddings.catalog import Catalog
from embeddings.library import Library
from services.checkpoints import read_shelf
from tests.builders import DEMO_CHECKPOINT, a_single_file, embedding_file
from tests.hub import Hub, open_hub

MODEL = """
id = "toy"
title = "Toy"
architecture = "demo"
lineage = "demo"
width = 64
height = 64
multiple = 16
min_side = 48
max_side = 96
recommended = ["toy-haze", "toy-nowhere"]
"""
ENTRY = """
[[embedding]]
id = "{name}"
title = "{name}"
architecture = "demo"
lineage = "demo"
targets = ["haze"]
"""


@dataclass
class Operator:
    """Someone at a shell, whose data folder was empty."""

    hub: Hub
    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    def describe(self, address: str) -> None:
        """Write the model's entry."""
        (self.data / "checkpoints").mkdir(parents=True, exist_ok=True)
        (self.data / "checkpoints" / "toy.toml").write_text(MODEL + address)

    def curate(self, name: str, data: bytes, url: str | None) -> None:
        """Add an embedding to the catalog."""
        sha256 = hashlib.sha256(data).hexdigest()
        download = f'hashes = ["{sha256}"]\ndownloads = [{{url = "{url}", sha256 = "{sha256}"}}]\n' if url else ""
        path = self.data / "embeddings" / "more.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + ENTRY.format(name=name) + download)

    async def install(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and what the command printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "install", *arguments,
            env={**os.environ, **self.hub.environment, "DATA_DIR": str(self.data), **self.environment},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return process.returncode, " ".join(output.decode().split())

    @property
    def installed_models(self) -> list[str]:
        return [model.id for model in read_shelf(self.data / "checkpoints").installed]

    @property
    def installed_embeddings(self) -> list[str]:
        library = Library(Catalog())
        library.scan([self.data / "embeddings"])
        return [embedding.id for embedding in library]


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with open_hub(tmp_path) as hub:
        yield Operator(hub, tmp_path / "data")


def demo_files(marked: str = "") -> dict[str, bytes]:
    """The demo's files as a repository has them, with what such repositories also have."""
    files = {
        str(path.relative_to(DEMO_CHECKPOINT)).replace(".safetensors", f"{marked}.safetensors"): path.read_bytes()
        for path in DEMO_CHECKPOINT.rglob("*")
        if path.is_file()
    }
    return {
        **files,
        "README.md": b"read me",
        "unet/diffusion_pytorch_model.bin": b"a pickle",
        "unet/diffusion_pytorch_model.non_ema.safetensors": b"an average",
        "safety_checker/model.safetensors": b"not loaded",
        "whole.ckpt": b"a pickle",
    }


async def test_a_model_comes_with_its_embeddings(operator: Operator, tmp_path: Path) -> None:
    operator.hub.repository("someone/toy", demo_files())
    operator.describe('hub = "someone/toy"\n')
    haze = embedding_file(tmp_path, "haze").read_bytes()
    operator.hub.files["civitai.com", "/haze"] = haze
    operator.curate("toy-haze", haze, "https://civitai.com/haze")
    operator.curate("toy-nowhere", b"", None)
    code, said = await operator.install("toy")
    assert code == 0, said
    assert "✓ Toy: " in said
    assert "✓ toy-haze: " in said
    assert "toy" in operator.installed_models
    assert operator.installed_embeddings == ["toy-haze"]
    loaded = sorted(path.name for path in (operator.data / "checkpoints" / "toy" / "unet").iterdir())
    assert loaded == ["config.json", "diffusion_pytorch_model.safetensors"]

    operator.hub.asked.clear()
    assert (await operator.install("toy"))[0] == 0
    assert not [path for _, path, _ in operator.hub.asked if path.endswith(".safetensors") or path == "/haze"]


async def test_a_model_can_come_alone_and_an_embedding_too(operator: Operator, tmp_path: Path) -> None:
    operator.hub.repository("someone/toy", demo_files(".fp16"))
    operator.describe('hub = "someone/toy"\n')
    haze = embedding_file(tmp_path, "haze").read_bytes()
    operator.hub.files["civitai.com", "/haze"] = haze
    operator.curate("toy-haze", haze, "https://civitai.com/haze")
    code, said = await operator.install("toy", "--without-embeddings")
    assert (code, operator.installed_embeddings) == (0, []), said
    unet = operator.data / "checkpoints" / "toy" / "unet"
    assert (unet / "diffusion_pytorch_model.fp16.safetensors").is_file(), "this repository has nothing else"
    code, said = await operator.install("Toy-Haze")
    assert (code, operator.installed_embeddings) == (0, ["toy-haze"]), said


async def test_one_file_of_a_repository_is_enough(operator: Operator, tmp_path: Path) -> None:
    file = a_single_file(tmp_path / "single.safetensors").read_bytes()
    operator.hub.repository("someone/singles", {"folder/Toy_FP16.safetensors": file})
    operator.describe('hub = "someone/singles"\nhub_file = "folder/Toy_FP16.safetensors"\n')
    code, said = await operator.install("toy", "--without-embeddings")
    assert code == 0, said
    assert (operator.data / "checkpoints" / "toy.safetensors").read_bytes() == file
    assert "toy" in operator.installed_models


async def test_a_pinned_file_is_taken_by_its_hash(operator: Operator, tmp_path: Path) -> None:
    file = a_single_file(tmp_path / "single.safetensors").read_bytes()
    right, wrong = hashlib.sha256(file).hexdigest(), hashlib.sha256(b"something else").hexdigest()
    operator.hub.redirect("civitai.com", "/api/download/models/1", "https://storage.example/toy")
    operator.hub.files["storage.example", "/toy"] = b"something else"
    operator.describe(
        f'[[downloads]]\nurl = "https://civitai.com/api/download/models/1?type=Model"\nsha256 = "{right}"\n'
    )
    operator.environment["CIVITAI_TOKEN"] = "c-secret"
    code, said = await operator.install("toy", "--without-embeddings")
    assert code == 1
    assert f"civitai.com sent a different file: its SHA-256 is {wrong}, and it should be {right}." in said
    assert list((operator.data / "checkpoints").iterdir()) == [operator.data / "checkpoints" / "toy.toml"]

    operator.hub.files["storage.example", "/toy"] = file
    code, said = await operator.install("toy", "--without-embeddings")
    assert (code, "toy" in operator.installed_models) == (0, True), said
    tokens = {(host, token) for host, _, token in operator.hub.asked}
    assert tokens == {("civitai.com", "Bearer c-secret"), ("storage.example", None)}


async def test_what_cannot_be_had_is_said(operator: Operator) -> None:
    operator.describe('hub = "someone/gated"\n')
    operator.hub.repository("someone/gated", demo_files(), gated=True)
    operator.curate("toy-nowhere", b"", None)
    for names, sentence in (
        (("toy",), "https://huggingface.co/someone/gated asks you to accept its licence"),
        (("toy-nowhere",), "I know no address of toy-nowhere; download it, and put it into"),
        (("toi",), "I know no model or embedding 'toi'. Did you mean one of these? toy"),
        (("demo", "--without-embeddings"), "I know no address of Demo; it ships with the bot"),
    ):
        code, said = await operator.install(*names)
        assert (code, sentence in said) == (1, True), said
    operator.environment["HF_TOKEN"] = "h-secret"
    assert (await operator.install("toy", "--without-embeddings"))[0] == 0
