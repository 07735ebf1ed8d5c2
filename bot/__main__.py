"""python -m bot: run, play, try, doctor, install."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Negative Space, a Discord bot that draws.",
    pretty_exceptions_enable=False,
)

FAILED = 1
WRONG_USE = 2
#: container runtimes kill ten seconds after they asked
MOST_TO_END = 9.5  # seconds


@app.command()
def run() -> None:
    """Run the bot on Discord; needs DISCORD_TOKEN."""
    import discord

    from services.storage import DatabaseUnusable, NewerSchema, PostgresFailed

    settings = _settings()
    if not settings.discord_token.get_secret_value():
        _fail(
            "DISCORD_TOKEN is not set: put it into the environment or a .env file. To look around without one: make play"
        )
    _log_to_stderr(settings.log_level)
    try:
        asyncio.run(_until_told(settings))
    except discord.LoginFailure:
        _fail("Discord does not accept this token: copy it again from the developer portal (Bot → Reset Token).")
    except (NewerSchema, PostgresFailed) as error:
        _fail(str(error))
    except DatabaseUnusable as error:
        _fail(f"{error}. See that its server is running, and that DATABASE_URL is right.")


@app.command()
def play(port: Annotated[int, typer.Option(envvar="PORT", help="Where the page is served.")] = 8765) -> None:
    """Open a local Discord with the bot in it: no token, no GPU, no database needed."""
    from bot.local.play import play as serve

    try:
        asyncio.run(serve(port))
    except OSError as error:
        _fail(f"The page cannot be served on port {port} ({error.strerror}); choose another: PORT=8766 make play")


@app.command(name="try")
def try_(
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    script: Annotated[str, typer.Argument(help="A file with actions, or - for standard input.")] = "-",
) -> None:
    """Run a script of people's actions through the playground; one JSON object a line."""
    from bot.local.script import ScriptError, parse_script
    from bot.local.script_runner import run_script

    try:
        text = sys.stdin.read() if script == "-" else Path(script).read_text(encoding="utf-8")
        actions = parse_script(text)
    except (OSError, ScriptError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USE) from error
    if not asyncio.run(run_script(actions, out)):
        raise typer.Exit(FAILED)


@app.command()
def doctor() -> None:
    """Check settings, database, GPU, models and embeddings, and say how to mend what is wrong."""
    from bot.doctor import examine

    if not asyncio.run(examine(_settings())):
        raise typer.Exit(FAILED)


@app.command()
def install(model: Annotated[str, typer.Argument(help="A model of `/model list`.")]) -> None:
    """Fetch a described model's weights from the Hugging Face hub into the checkpoints folder."""
    from bot.install import install_model
    from services.errors import UserError

    try:
        typer.echo(f"installed in {install_model(model, _settings().checkpoint_folder)}")
    except UserError as error:
        _fail(str(error))


def _settings() -> Settings:
    from pydantic import ValidationError

    try:
        return Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"]).upper() or "settings"
            typer.echo(f"{name}: {problem['msg']} (it is {problem['input']!r:.60})", err=True)
        raise typer.Exit(WRONG_USE) from error


async def _until_told(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, which are obeyed in good order the first time and at once the second."""
    from bot.app import run as run_bot

    is_up, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run_bot(settings, is_up, stop))

    def told() -> None:
        deadline = threading.Timer(MOST_TO_END, os._exit, [FAILED])  # whatever hangs, the rows know what is open
        deadline.daemon = True
        deadline.start()
        stop.set() if is_up.is_set() and not stop.is_set() else task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told)
    with suppress(asyncio.CancelledError):
        await task


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("discord").setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(FAILED)


if __name__ == "__main__":
    app()
