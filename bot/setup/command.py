"""The questions of the set-up, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dotenv
import typer
from rich.console import Console
from rich.prompt import Prompt
from rich.table import Table

from bot.install.command import install
from bot.invitation import NotLoggedIn, invitation_of, logged_in
from bot.settings import Settings, engine_environment
from bot.setup.folders import Folders, folders_of, together
from bot.stock import read_stocks
from embeddings.catalog import CatalogEntry
from embeddings.library import Library
from services.engine.process import Engine
from services.errors import EngineError
from services.stock import Stock

#: of the catalog, for each architecture that there is a model of
_BEST = 3


@dataclass(frozen=True, slots=True)
class Answers:
    """What the command line says; what is None is asked, or left as it is with `--yes`."""

    token: str | None
    device: str | None
    programs: Sequence[Path]
    default_model: str | None
    with_embeddings: bool | None
    env_file: Path
    asks: bool


async def set_up(answers: Answers) -> bool:
    """Ask, write the settings, and say what to do next. Returns whether the bot can be started now."""
    console = Console(soft_wrap=True, highlight=False)
    token = _token(answers)
    folders = _folders(answers, console)
    _write(answers.env_file, {"DISCORD_TOKEN": token, **_places(folders), "ENGINE_DEVICE": answers.device or ""})
    settings = _settings(answers.env_file)
    await _show_device(settings, console)
    stocks = read_stocks(settings)
    stock = stocks.shared
    _show_models(stock, console)
    _show_embeddings(stocks.shared_library, console)
    if model := _default_model(answers, stock):
        _write(answers.env_file, {"DEFAULT_MODEL": model})
    await _offer_embeddings(answers, stock, settings, console)
    console.print(f"\nThe settings are in {answers.env_file}.")
    return await _say_how_to_go_on(settings, console)


def _token(answers: Answers) -> str:
    if answers.token is not None or not answers.asks:
        return answers.token or ""
    return typer.prompt(
        "The bot's token, from discord.com/developers → your application → Bot → Reset Token (empty: later)",
        default="",
        hide_input=True,
        show_default=False,
    ).strip()


def _folders(answers: Answers, console: Console) -> Folders:
    programs = list(answers.programs)
    if answers.asks and not programs:
        typed = typer.prompt("The folder of your A1111, Forge or ComfyUI (empty: none)", default="", show_default=False)
        programs = [Path(typed)] if typed.strip() else []
    found = {program: folders_of(program) for program in programs}
    for program in (program for program, folders in found.items() if not folders):
        console.print(f"[yellow]![/] {program} has neither models nor embeddings where A1111 or ComfyUI keep them.")
    return together(found.values())


def _places(folders: Folders) -> dict[str, str]:
    return {
        "MORE_CHECKPOINTS": ",".join(map(str, folders.checkpoints)),
        "MORE_EMBEDDINGS": ",".join(map(str, folders.embeddings)),
    }


def _write(path: Path, values: dict[str, str]) -> None:
    """Set what has a value, and leave every other line of the file as it is."""
    path.touch(mode=0o600)  # it has the token
    for name, value in values.items():
        if value:
            dotenv.set_key(path, name, value, quote_mode="auto")


def _settings(path: Path) -> Settings:
    return Settings(_env_file=path)  # pyright: ignore[reportCallIssue]


async def _show_device(settings: Settings, console: Console) -> None:
    engine = Engine(environment=engine_environment(), device=settings.engine_device)
    try:
        await engine.start()
        assert engine.ready is not None
        memory = engine.ready.memory / 1024**3
        console.print(f"[green]✓[/] Pictures are rendered on {engine.ready.device}, with {memory:.0f} GB of memory.")
        if engine.ready.device == "cpu":
            console.print("[dim]·[/] That is enough for the demo; other models want a GPU and torch's CUDA build.")
    except EngineError as error:
        console.print(f"[red]✗[/] The renderer doesn't start: {error}")
    finally:
        await engine.close()


def _show_models(stock: Stock, console: Console) -> None:
    table = Table("model", "for", "family", "file", title="Models")
    for model in stock.shelf.installed:
        weights = stock.shelf.installation(model.id).weights
        table.add_row(model.id, model.architecture.facts.title, model.lineage, str(weights))
    console.print(table)
    for problem in stock.shelf.problems:
        console.print(f"[yellow]![/] {problem.name}: {problem.reason}", markup=True)
    for problem in stock.shelf.found.ignored:
        console.print(f"[dim]·[/] {problem.name} is ignored: {problem.reason}")


def _show_embeddings(library: Library, console: Console) -> None:
    names = ", ".join(embedding.id for embedding in library)
    console.print(f"[green]✓[/] {len(library)} embeddings: {names}")
    for problem in library.problems:
        console.print(f"[yellow]![/] {problem.name}: {problem.reason}")


def _default_model(answers: Answers, stock: Stock) -> str:
    installed = [model.id for model in stock.shelf.installed]
    own = [name for name in installed if name != "demo"]
    if answers.default_model is not None:
        return stock.shelf.find(answers.default_model).id
    if not answers.asks or not own:
        return own[0] if own else ""
    return Prompt.ask("The model for members who choose none", choices=installed, default=own[0])


async def _offer_embeddings(answers: Answers, stock: Stock, settings: Settings, console: Console) -> None:
    missing = list(_recommended(stock))
    if not missing:
        return
    names = [entry.id for entry in missing]
    console.print(f"[dim]·[/] Recommended for your models and not here: {', '.join(names)}")
    wanted = answers.with_embeddings
    if wanted is None and answers.asks:
        wanted = typer.confirm("Download them now?", default=True)
    if wanted:
        await install(names, settings, with_embeddings=False, say=console.print)


def _recommended(stock: Stock) -> Iterator[CatalogEntry]:
    kinds = {model.architecture for model in stock.shelf.installed}
    for kind in sorted(kinds):
        entries = [entry for entry in stock.library.catalog if entry.architecture is kind]
        best = sorted(entries, key=lambda entry: entry.rank)[:_BEST]
        yield from (entry for entry in best if entry.downloads and stock.embedding(entry.id) is None)


async def _say_how_to_go_on(settings: Settings, console: Console) -> bool:
    if not settings.discord_token.get_secret_value():
        console.print("Next: put DISCORD_TOKEN into it, then run this again for the invitation.")
        return False
    try:
        async with logged_in(settings) as client:
            console.print(f"Next: invite {client.user} with {invitation_of(client)}\nThen start it: python -m bot run")
    except NotLoggedIn as error:
        console.print(f"[red]✗[/] {error}")
        return False
    return True
