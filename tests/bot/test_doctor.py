"""python -m bot doctor, as an operator runs it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from bot.settings import environment_with
from playground import Discord
from tests.builders import DEMO_CHECKPOINT


def run_doctor(folder: Path, **settings: str) -> tuple[int, str]:
    """Returns the exit code and the report."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "doctor"],
        env=environment_with(DATA_DIR=str(folder), **settings), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_every_part_is_checked(server_folder: Path) -> None:
    code, report = run_doctor(server_folder, DISCORD_TOKEN="")
    assert code == 0
    for line in (
        "✓ data", "✓ database   embedded PostgreSQL", "✓ model      demo in",
        "· model      `python -m bot install NAME` downloads any of these: ",
        "✓ embedding  4 for Demo",
        "✓ memory     demo ", "RESIDENT_CHECKPOINTS=1 uses up to ",
        "✓ engine     Demo loads in", "· discord    DISCORD_TOKEN isn't set",
    ):  # fmt: skip
        assert line in report
    assert "Traceback" not in report


def test_a_problem_comes_with_its_fix(tmp_path: Path) -> None:
    code, report = run_doctor(
        tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", DEFAULT_MODEL="sdxl", DISCORD_TOKEN=""
    )
    assert code == 1
    assert "✗ database" in report
    assert "check DATABASE_URL, and that its server is running" in report
    assert "! model      DEFAULT_MODEL=sdxl isn't installed, so members who choose no model get Demo" in report
    assert "✓ engine     Demo loads in" in report


def test_recommended_embeddings_that_are_missing_come_with_the_command(tmp_path: Path) -> None:
    (tmp_path / "embeddings").mkdir()
    more = 'id = "demo-fog"\ntitle = "Fog"\narchitecture = "demo"\nlineage = "demo"\ntargets = ["fog"]\n'
    address = f'hashes = ["{"0" * 64}"]\ndownloads = [{{url = "https://civitai.com/fog", sha256 = "{"0" * 64}"}}]\n'
    (tmp_path / "embeddings" / "more.toml").write_text(f"[[embedding]]\n{more}{address}")
    (tmp_path / "checkpoints").mkdir()
    model = 'id = "foggy"\ntitle = "Foggy"\narchitecture = "demo"\nlineage = "demo"\nrecommended = ["demo-fog"]\n'
    sides = "width = 64\nheight = 64\nmultiple = 16\nmin_side = 48\nmax_side = 96\n"
    (tmp_path / "checkpoints" / "foggy.toml").write_text(f'{model}{sides}path = "{DEMO_CHECKPOINT}"\n')
    _, report = run_doctor(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", DISCORD_TOKEN="")
    assert "recommended for Foggy and missing: `python -m bot install demo-fog` downloads them" in report


def test_an_invalid_setting_is_named(tmp_path: Path) -> None:
    code, report = run_doctor(tmp_path, EMBEDDINGS_MIN="7")
    assert code == 2
    assert report.startswith("EMBEDDINGS_MIN: Input should be less than or equal to 1; it is set to '7'")


async def test_missing_permissions_are_listed_for_each_server(tmp_path: Path, database_url: str) -> None:
    async with Discord() as discord:
        discord.add_guild("Closed", ["pictures"]).bot_permissions.difference_update({"attach_files", "embed_links"})
        code, report = await asyncio.to_thread(
            run_doctor, tmp_path, DISCORD_TOKEN=discord.token, DISCORD_API_BASE=discord.rest_url,
            DISCORD_GATEWAY=discord.gateway_url, DATABASE_URL=database_url,
        )  # fmt: skip
        assert discord.world.commands == {}  # doctor changes nothing
    assert code == 0
    assert "✓ discord    logged in as Negative Space" in report
    assert "✓ server     Negative Space: has all permissions it needs" in report
    assert "! server     Closed: grant the bot's role these permissions: embed links, attach files." in report


async def test_a_rejected_token_is_reported(tmp_path: Path, database_url: str) -> None:
    async with Discord() as discord:
        code, report = await asyncio.to_thread(
            run_doctor, tmp_path, DISCORD_TOKEN="wrong", DISCORD_API_BASE=discord.rest_url, DATABASE_URL=database_url,
        )  # fmt: skip
    assert code == 1
    assert "✗ discord    Discord rejected DISCORD_TOKEN" in report
