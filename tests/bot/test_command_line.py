"""python -m bot: what its commands say when something is missing."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import FAILED, WRONG_USE, app


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("run", "play", "try", "doctor", "install"):
        assert f" {command} " in result.output


def test_run_needs_a_token() -> None:
    result = CliRunner().invoke(app, ["run"], env={"DISCORD_TOKEN": ""})
    assert result.exit_code == FAILED
    assert result.stderr.startswith("DISCORD_TOKEN isn't set")


def test_play_names_a_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["play", "--port", str(port)])
    assert result.exit_code == FAILED
    assert f"Can't serve the page on port {port}" in result.stderr
    assert "Choose another port" in result.stderr


@pytest.mark.parametrize(("script", "error"), [("ana dances", "line 1: 'ana dances'"), (None, "Can't read the script")])
def test_try_refuses_an_invalid_script(tmp_path: Path, script: str | None, error: str) -> None:
    path = tmp_path / "script.txt"
    if script is not None:
        path.write_text(script)
    result = CliRunner().invoke(app, ["try", str(path), "--out", str(tmp_path / "out")])
    assert result.exit_code == WRONG_USE
    assert error in result.stderr
    assert not (tmp_path / "out").exists()
