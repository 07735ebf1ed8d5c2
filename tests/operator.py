"""An operator at a shell, with an empty data folder and a local hub to install from."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from embeddings.catalog import Catalog
from embeddings.library import Library
from services.checkpoints import read_shelf
from tests.builders import DEMO_CHECKPOINT
from tests.hub import Hub

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
