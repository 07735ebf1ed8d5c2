"""python -m bot: run, play, try, setup, doctor, install."""

from __future__ import annotations

import asyncio
import errno
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
    help="Negative Space, a Discord bot for text-to-image with negative embeddings.",
    pretty_exceptions_enable=False,
)

FAILED = 1
WRONG_USE = 2
#: container runtimes kill a process ten seconds after they asked it to stop
SHUTDOWN_LIMIT = 9.5  # seconds


@app.command()
def run() -> None:
    """Run the bot on Discord. Needs DISCORD_TOKEN."""
    from bot.connection import Refused
    from bot.operations.pages import PortUnusable
    from services.storage import DatabaseUnusable, NewerSchema, PostgresFailed

    settings = _settings()
    if not settings.discord_token.get_secret_value():
        _fail(
            "DISCORD_TOKEN isn't set: put it into the environment or a .env file. To try the bot without one: make play"
        )
    _log_to_stderr(settings.log_level)
    try:
        asyncio.run(_run_until_signal(settings))
    except Refused as error:
        _fail(str(error), error.exit_code)
    except PortUnusable as error:
        _fail(str(error), WRONG_USE)
    except (NewerSchema, PostgresFailed) as error:
        _fail(str(error))
    except DatabaseUnusable as error:
        _fail(f"{error}. See that its server is running, and that DATABASE_URL is right.")


@app.command()
def play(port: Annotated[int, typer.Option(envvar="PORT", help="The page's port.")] = 8765) -> None:
    """Start a local Discord with the bot in it, to use in a browser. Needs no token, GPU or database."""
    from bot.local.play import play as serve
    from bot.local.process import StartFailed

    try:
        asyncio.run(serve(port))
    except StartFailed as error:
        _fail(str(error))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        _fail(f"Can't serve the page on port {port}: {error.strerror}. Choose another port, as in: PORT=8766 make play")


@app.command(name="try")
def try_(
    out: Annotated[Path, typer.Option(help="A folder for the files that the bot sends.")],
    script: Annotated[str, typer.Argument(help="A script, or - for standard input.")] = "-",
) -> None:
    """Run a script of people's actions in a local Discord, and print the result of each as a line of JSON.

    Exits with 1 if an action failed, and with 2 if the script is invalid. bot/local/script.py describes the actions.
    """
    from bot.local.process import StartFailed
    from bot.local.script import ScriptError, parse_script
    from bot.local.script_runner import run_script

    try:
        text = sys.stdin.read() if script == "-" else Path(script).read_text(encoding="utf-8")
        actions = parse_script(text)
    except OSError as error:
        _fail(f"Can't read the script {script}: {error.strerror}", WRONG_USE)
    except ScriptError as error:
        _fail(str(error), WRONG_USE)
    try:
        has_succeeded = asyncio.run(run_script(actions, out))
    except StartFailed as error:
        _fail(str(error))
    if not has_succeeded:
        raise typer.Exit(FAILED)


@app.command()
def doctor() -> None:
    """Check settings, database, models, embeddings, GPU and Discord, and say how to fix each problem."""
    from bot.doctor import examine

    if not asyncio.run(examine(_settings())):
        raise typer.Exit(FAILED)


@app.command()
def install(
    names: Annotated[list[str], typer.Argument(help="Models' ids, as in /model list, or names of known embeddings.")],
    without_embeddings: Annotated[
        bool, typer.Option("--without-embeddings", help="Leave out the embeddings recommended for the models.")
    ] = False,
) -> None:
    """Download models, with the embeddings recommended for them, and known embeddings. Run it again to resume."""
    from bot.install.command import install as install_all
    from services.errors import UserError

    work = install_all(names, _settings(), with_embeddings=not without_embeddings, say=typer.echo)
    try:
        is_complete = asyncio.run(work)
    except UserError as error:
        _fail(str(error))
    if not is_complete:
        raise typer.Exit(FAILED)


@app.command()
def setup(
    programs: Annotated[
        list[Path] | None,
        typer.Option("--use", help="A folder of A1111, Forge or ComfyUI, or of models; may be given more than once."),
    ] = None,
    token: Annotated[str | None, typer.Option(help="The bot's token.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cuda, mps or cpu.")] = None,
    model: Annotated[str | None, typer.Option(help="The model for members who choose none.")] = None,
    install_embeddings: Annotated[
        bool | None, typer.Option("--install-embeddings/--no-embeddings", help="Download what suits the models.")
    ] = None,
    env_file: Annotated[Path, typer.Option(help="Where the settings go.")] = Path(".env"),
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Set the bot up: the token, the models and embeddings that another program already has, and the invitation."""
    from bot.setup.command import Answers, set_up
    from services.errors import UserError

    answers = Answers(token, device, programs or [], model, install_embeddings, env_file, asks=not yes)
    try:
        is_ready = asyncio.run(set_up(answers))
    except (UserError, OSError) as error:
        _fail(str(error))
    if not is_ready:
        raise typer.Exit(FAILED)


def _settings() -> Settings:
    from pydantic import ValidationError

    try:
        return Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"]).upper() or "settings"
            typer.echo(f"{name}: {problem['msg']}; it is set to {problem['input']!r:.60}", err=True)
        raise typer.Exit(WRONG_USE) from error


async def _run_until_signal(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. The first signal shuts down gracefully, a second one stops at once."""
    from bot.running import run as run_bot

    is_up, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run_bot(settings, is_up, stop))

    def on_signal() -> None:
        deadline = threading.Timer(
            SHUTDOWN_LIMIT, os._exit, [FAILED]
        )  # safe even if something hangs: rows tell what is open
        deadline.daemon = True
        deadline.start()
        stop.set() if is_up.is_set() and not stop.is_set() else task.cancel()

    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop_signal, on_signal)
    with suppress(asyncio.CancelledError):
        await task


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("discord").setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def _fail(sentence: str, code: int = FAILED) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
