"""`python -m bot install` against a local hub over TLS: what it brings, what it says, and how it goes on after a break."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import a_single_file, embedding_file
from tests.hub import open_hub
from tests.operator import Operator, demo_files


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with open_hub(tmp_path) as hub:
        yield Operator(hub, tmp_path / "data")


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
