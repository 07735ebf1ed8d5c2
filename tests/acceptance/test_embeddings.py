"""Embeddings from Discord: browse, show, install and remove them, and who may."""

from __future__ import annotations

import asyncio
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

from tests.acceptance.conftest import Place, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")


def vectors(seed: int, width: int = 96, rows: int = 2) -> bytes:
    """A safetensors file as written by kohya's scripts."""
    values = np.random.default_rng(seed).normal(0, 0.1, (rows, width)).astype(np.float32)
    return save({"emb_params": values})


class Evil:
    """Its pickle creates a file when it is loaded."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.canary,)


def hostile(canary: Path) -> bytes:
    """A file like those of torch.save, whose pickle runs code."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"string_to_param": {"*": Evil(canary)}}, protocol=2))
        archive.writestr("archive/version", "3\n")
    return file.getvalue()


async def test_an_embedding_is_installed_used_and_removed(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    installed = await mod.slash("embedding install", file=("moss.safetensors", vectors(1)))
    text = (await installed.until(lambda message: "Installed **moss**" in message.text)).text
    assert "Made for: Demo" in text
    assert "not in the catalog" in text
    assert [choice.value for choice in await ana.autocomplete("imagine", "embedding1", "mos")] == ["moss"]
    reply = await ana.slash("imagine", prompt="a tree", embedding1="moss:0.7", steps=4)
    assert "`moss:0.7`" in (await drawn(reply)).text
    await mod.slash("preset save", name="mossy", embedding1="moss:0.5")
    removed = await mod.slash("embedding remove", name="MOSS")
    assert removed.text == "Removed **moss**. These presets of this server use it and can't be used now: mossy."
    assert "moss" not in [choice.value for choice in await ana.autocomplete("imagine", "embedding1", "mos")]
    assert (
        "Preset 'mossy' needs embedding 'moss', which is no longer installed"
        in (await ana.slash("imagine", prompt="a tree", preset="mossy")).text
    )
    lines = [line for line in await place.storage.audit.latest() if line.guild_id == place.guild.id]
    assert [(line.action, line.subject, line.member_id) for line in lines] == [
        ("remove", "moss", mod.id),
        ("install", "moss", mod.id),
    ]


async def test_other_formats_are_converted(place: Place) -> None:
    import torch

    mod = place.person("mod", "manage_guild")
    file = io.BytesIO()
    torch.save(
        {"string_to_token": {"*": 265}, "string_to_param": {"*": torch.randn(3, 96)}, "name": "x", "step": 9}, file
    )
    reply = await mod.slash("embedding install", file=("old-style.pt", file.getvalue()))
    text = (await reply.until(lambda message: "Installed" in message.text)).text
    assert "Installed **old-style**" in text
    assert "Size: 3 vectors" in text
    await mod.slash("embedding remove", name="old-style")


async def test_files_that_arent_embeddings_are_refused(place: Place, tmp_path: Path) -> None:
    mod = place.person("mod", "manage_guild")
    twin = Path("demo/embeddings/demo-tinted.safetensors").read_bytes()
    lora = save({"lora_unet_down.lora_down.weight": np.zeros((4, 4), np.float32)})
    canary = tmp_path / "executed"
    for file, said in (
        (("style.safetensors", lora), "This is a LoRA, not an embedding;"),
        (("gift.pt", hostile(canary)), ""),
        (("empty.safetensors", b""), "empty"),
        (("demo\u200b.safetensors", vectors(2)), "rename the file"),
        (("demo-copy.safetensors", twin), "already installed, as 'demo-tinted'"),
    ):  # fmt: skip
        reply = await mod.slash("embedding install", file=file)
        answer = await reply.until(lambda message: message.ephemeral and not message.thinking)
        assert said in answer.text
        assert "incident" not in answer.text
        assert "Installed" not in answer.text
    assert not canary.exists()
    pickle.loads(pickle.dumps(Evil(canary)))
    assert canary.exists()  # the hostile file would have worked


async def test_members_cant_install_or_remove(place: Place) -> None:
    ana = place.person("ana")
    for reply in (
        await ana.slash("embedding install", file=("moss.safetensors", vectors(1))),
        await ana.slash("embedding remove", name="demo-tinted"),
    ):
        assert reply.text.startswith("Installing and removing embeddings needs Manage Server")
        assert reply.message is not None
        assert reply.message.ephemeral


async def test_only_allowed_hosts_are_downloaded_from(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        (
            {"url": "https://example.com/x.safetensors"},
            "Files can only be downloaded from civitai.com, huggingface.co, hf.co",
        ),
        ({"url": "https://civitai.com.example.com/x"}, "not from civitai.com.example.com"),
        ({"url": "http://civitai.com/x"}, "starts with https://"),
        ({"url": "https://civitai.com:8080/x"}, "contains no password or port"),
        ({"url": "https://127.0.0.1/x"}, "isn't a valid address"),
        ({"url": "file:///etc/passwd"}, "starts with https://"),
        ({}, "one of the three"),
    )
    for options, said in cases:
        reply = await mod.slash("embedding install", **options)
        assert said in (await reply.until(lambda message: message.ephemeral and not message.thinking)).text
    kept = await mod.slash("embedding remove", name="demo-tinted")
    assert kept.text == "demo-tinted ships with the bot and can't be removed."


async def test_the_catalog_can_be_browsed(place: Place) -> None:
    ana = place.person("ana")
    reply = await ana.slash("embedding browse")
    assert reply.message is not None
    assert "✅ **demo-artifacts** · Demo · 4 vectors" in reply.text
    assert "page 1 of " in reply.text
    await ana.click(reply.message, "Next ▶")
    second = await reply.until(lambda message: "page 2 of " in message.text)
    assert "➕ **" in second.text
    await ana.click(second, "◀ Back")
    await reply.until(lambda message: "page 1 of " in message.text)
    hands = await ana.slash("embedding browse", target="hands", show="not installed")
    assert "negative_hand" in hands.text
    assert "demo-" not in hands.text
    assert "bad-hands-5" in hands.text
    fitting = await ana.slash("embedding browse", model="sdxl")
    assert "unaestheticXLv31" in fitting.text
    assert "EasyNegative**" not in fitting.text


async def test_an_embeddings_card_shows_what_it_does(place: Place) -> None:
    ana = place.person("ana")
    for _ in range(2):  # the second time from the cache
        reply = await ana.slash("embedding info", name="demo-washed-out")
        card = await reply.until(lambda message: bool(message.attachments), 60)
        for said in ("Targets: washed out", "Demo: fits", "Size: 2 vectors", "Without and with it", "licence: MIT"):
            assert said in card.text
        (sheet,) = card.attachments
        assert sheet.description is not None
        assert sheet.description.endswith("for seeds 7 to 9, a row each: without demo-washed-out, and with it")
        picture = Image.open(io.BytesIO(await place.discord.fetch(sheet)))
        assert picture.height > picture.width, "three rows of two"
        left, right = (picture.crop((x, 200, x + 200, 400)) for x in (100, picture.width - 250))
        assert left.tobytes() != right.tobytes()


async def test_files_added_to_the_folder_are_offered(place: Place) -> None:
    ana = place.person("ana")
    folder = place.bot.folder / "embeddings"
    folder.mkdir(exist_ok=True)
    dropped = folder / "dropped.safetensors"
    dropped.write_bytes(vectors(5))

    async def offered(wanted: bool) -> None:
        for _ in range(40):
            if (
                "dropped" in [choice.value for choice in await ana.autocomplete("imagine", "embedding1", "dropp")]
            ) is wanted:
                return
            await asyncio.sleep(0.25)
        raise AssertionError(f"after 10 s autocomplete still offers it: {not wanted}")

    await offered(True)
    dropped.unlink()
    await offered(False)
