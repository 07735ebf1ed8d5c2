"""Broken files in the operator's folders are named in the log, and the bot works without them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.local.launch import local_bot
from tests.acceptance.conftest import drawn
from tests.sentences.checkpoints import NOT_INSTALLED

CHECKPOINT = Path(__file__).parents[2] / "demo" / "checkpoint"


@pytest.fixture
def broken_folder(server_folder: Path) -> Path:
    """The operator's folders, with a broken file of each kind."""
    checkpoints, embeddings = server_folder / "checkpoints", server_folder / "embeddings"
    shutil.copytree(CHECKPOINT, checkpoints / "cut-off")
    weights = checkpoints / "cut-off" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    described = (
        'title = "{0}"\narchitecture = "demo"\nlineage = "demo"\npath = "{0}"\nwidth = 64\nheight = 64\nmin_side = 48\n'
    )
    (checkpoints / "cut-off.toml").write_text('id = "cut-off"\n' + described.format("cut-off"))
    (checkpoints / "nonsense.toml").write_text("id = \"nonsense\"\ncfg = 'high'\n")
    (checkpoints / "no-toml.toml").write_text("this is no TOML")
    embeddings.mkdir()
    (embeddings / "garbage.safetensors").write_bytes(b"\x00" * 100)
    (embeddings / "catalog.toml").write_text('[[embedding]]\nid = "half"\n')
    return server_folder


async def test_the_bot_names_broken_files_and_renders(broken_folder: Path) -> None:
    async with local_bot(folder=broken_folder) as bot:
        ana = bot.discord.person("ana")
        reply = await ana.slash("imagine", prompt="a tree in a meadow", steps=4)
        assert "`demo-artifacts`" in (await drawn(reply)).text
        refused = await ana.slash("imagine", prompt="a tree", model="cut-off")
        assert NOT_INSTALLED.format(model="cut-off") in refused.text
    log = bot.log.read_text()
    for named in (
        "cut-off: The weights in",
        "download it again",
        "nonsense.toml: ",
        "no-toml.toml: The file can't be read",
        "garbage.safetensors: ",
        "catalog.toml: half: ",
    ):
        assert named in log
    assert "Traceback" not in log
