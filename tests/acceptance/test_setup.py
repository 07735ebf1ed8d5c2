"""An operator who has A1111 sets the bot up over its folders, and members draw with what is in them."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import dotenv
import pytest
import pytest_asyncio
from diffusers import StableDiffusionPipeline

from bot.local.launch import data_folder, local_bot
from bot.local.process import BotProcess
from bot.settings import environment_with
from embeddings.architecture import Architecture
from services.checkpoints.installation import configuration_folder
from tests.acceptance.conftest import drawn
from tests.embeddings.files import rows
from tests.embeddings.foreign.builders import a1111_pt
from tests.services.checkpoints.layouts import tensors_file
from tests.services.engine.original_layout import save_single_file
from tests.services.engine.tiny import save_sd1

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL = "meinamix_tiny"


@pytest.fixture(scope="module")
def a1111(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as A1111 has it: a model of SD 1.5's layout with random weights, a LoRA by mistake, embeddings in `.pt`."""
    folder = tmp_path_factory.mktemp("stable-diffusion-webui")
    folder.parent.chmod(0o755)
    models = folder / "models" / "Stable-diffusion"
    models.mkdir(parents=True)
    saved = save_sd1(folder / "diffusers")
    save_single_file(
        StableDiffusionPipeline.from_pretrained(saved, safety_checker=None), models / f"{MODEL}.safetensors"
    )
    tensors_file(models / "detail.safetensors", "lora_unet_x.lora_down.weight")
    (folder / "embeddings").mkdir()
    (folder / "embeddings" / "bad-things.pt").write_bytes(a1111_pt(rows(4)))
    return folder


def set_up(data: Path, *options: str, **settings: str) -> tuple[int, str]:
    """Returns the exit code and what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "setup", "--yes", "--env-file", str(data / ".env"), *options],
        env=environment_with(DATA_DIR=str(data), ENGINE_DEVICE="cpu", **settings),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(a1111: Path) -> AsyncIterator[BotProcess]:
    with data_folder() as data:
        # what `python -m bot install` would download
        shutil.copytree(a1111 / "diffusers", configuration_folder(data / "checkpoints", Architecture.SD1))
        code, said = await asyncio.to_thread(set_up, data, "--use", str(a1111))
        assert code == 1, said  # there is no token yet
        for part in (
            MODEL,
            "anime",
            "detail.safetensors is ignored: a LoRA",
            "bad-things",
            "put DISCORD_TOKEN into it",
        ):
            assert part in said
        settings = {name: value or "" for name, value in dotenv.dotenv_values(data / ".env").items()}
        assert settings["DEFAULT_MODEL"] == MODEL
        async with local_bot(folder=data, settings=settings) as running:
            yield running


async def test_members_draw_with_the_model_and_the_embedding(bot: BotProcess) -> None:
    ana = bot.discord.person("ana")
    assert MODEL in [choice.value for choice in await ana.autocomplete("imagine", "model")]
    assert [choice.value for choice in await ana.autocomplete("imagine", "embedding1")] == ["bad-things"]
    message = await drawn(await ana.slash("imagine", prompt="a fish", steps=2, size="256x256"))
    assert f"with `bad-things`\n{MODEL} · 256x256" in message.text


async def test_a_model_that_is_dropped_in_is_offered_without_a_restart(bot: BotProcess, a1111: Path) -> None:
    models = a1111 / "models" / "Stable-diffusion"
    shutil.copyfile(models / f"{MODEL}.safetensors", models / "another.safetensors")
    ana = bot.discord.person("ana")
    async with asyncio.timeout(30):
        while "another" not in [choice.value for choice in await ana.autocomplete("imagine", "model")]:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    message = await drawn(await ana.slash("imagine", prompt="a fish", model="another", steps=2, size="256x256"))
    assert "another · 256x256" in message.text


async def test_with_a_token_the_invitation_is_printed(bot: BotProcess, tmp_path: Path) -> None:
    local = {"DISCORD_API_BASE": bot.discord.rest_url, "DISCORD_GATEWAY": bot.discord.gateway_url}
    code, said = await asyncio.to_thread(set_up, tmp_path, "--token", bot.discord.token, **local)
    assert code == 0, said
    assert "oauth2/authorize?client_id=" in said
    assert f"DISCORD_TOKEN={bot.discord.token}" in (tmp_path / ".env").read_text().replace("'", "")
    code, said = await asyncio.to_thread(set_up, tmp_path, "--token", "wrong", **local)
    assert code == 1
    assert "Discord rejected DISCORD_TOKEN" in said
