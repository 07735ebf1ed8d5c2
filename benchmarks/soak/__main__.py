"""python -m benchmarks.soak: run a soak and print what it found. The last line of the output is one JSON object."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.soak.chaos import CrashLoop
from benchmarks.soak.harness import soak
from benchmarks.soak.report import show
from bot.local.process import Part, StartFailed


def main(
    jobs: Annotated[int, typer.Option(min=5, help="Number of accepted requests.")] = 200,
    kills: Annotated[int, typer.Option(min=0, help="Number of kills.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of all random choices.")] = 1,
    only: Annotated[Part | None, typer.Option(help="Kill only this part.")] = None,
    log: Annotated[
        Path | None, typer.Option(help="Write a journal to this file, and the bot's log to a file beside it.")
    ] = None,
) -> None:
    """Kill the bot, its engine and its database at random, and trouble the database, while members send requests.

    Passes if every accepted request is answered exactly once.
    """
    try:
        report = asyncio.run(soak(jobs, kills, seed, only=only, log=log))
    except (CrashLoop, StartFailed, TimeoutError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    show(report, Console())
    sys.stdout.write(json.dumps(report.as_json()) + "\n")
    raise typer.Exit(0 if report.is_good else 1)


if __name__ == "__main__":
    typer.run(main)
