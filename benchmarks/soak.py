"""python -m benchmarks.soak: is anybody left without a picture, or given it twice, while everything is killed at random?

The real bot with its database and a local Discord. The last line of the output is one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.chaos import Chaos
from benchmarks.soak_journal import Journal
from benchmarks.soak_report import ASKED, Report, show
from benchmarks.soak_verdict import Evidence, Outcome, read_rows
from benchmarks.soaking import Crowd
from bot.local.launch import data_folder, local_bot
from bot.local.process import BotProcess, Part
from playground import Discord

SETTLE_TIMEOUT = 150.0  # seconds; the last pause between two tries to deliver is a minute
QUIET, QUIET_WITH_DOUBT = 2.0, 12.0  # seconds without any message, with every ask answered and with some that are not
ROWS_TIMEOUT = 60.0  # seconds; a server that was killed replays its log first


async def soak(
    jobs: int,
    kills: int,
    seed: int,
    *,
    only: Part | None = None,
    log: Path | None = None,
    quiet: bool = False,
    settle: float = SETTLE_TIMEOUT,
) -> Report:
    """Ask, kill, settle, judge.

    Raises: CrashLoop, if the bot does not stay up.
    """
    started = time.monotonic()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # each connection that is dropped on purpose
    discord = Discord(rate_limits=True)
    journal = Journal(discord)
    with data_folder() as folder:
        try:
            async with local_bot(discord, folder=folder) as bot:
                chaos = Chaos(bot, journal, random.Random(seed), jobs, kills, only)
                evidence = await _run(bot, chaos, jobs, seed, settle, quiet=quiet)
                verdicts = evidence.judge()
                for one in verdicts:
                    journal.note(f"verdict: {one.way} {one.what} {one.outcome}, {one.reason} {one.sentence[:60]!r}")
        finally:
            if log is not None:
                _save(log, journal, folder / "bot.log")
    bad = [one for one in verdicts if one.outcome in (Outcome.TWICE, Outcome.LOST)]
    return Report(
        seed,
        chaos.done,
        chaos.trouble.faults,
        verdicts,
        evidence.disagreements(),
        chaos.own_ends,
        time.monotonic() - started,
        ["\n    ".join([f"{one.outcome}: {one.what}: {one.reason}", *journal.about(one.ids)]) for one in bad],
    )


async def _run(bot: BotProcess, chaos: Chaos, jobs: int, seed: int, settle: float, *, quiet: bool) -> Evidence:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task("asking", total=jobs)

        def on_ask(number: int) -> None:
            progress.update(bar, completed=number)
            chaos.on_ask(number)

        crowd = Crowd(bot.discord, seed, on_ask)
        await crowd.open()
        async with chaos:
            asking = asyncio.create_task(_ask(bot, crowd, chaos, jobs))
            await asyncio.wait({asking, chaos.keeper}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                asking.cancel()
                await chaos.keeper  # raises CrashLoop
            await asking
            progress.update(bar, description="settling", total=crowd.taken)
            return await _settle(bot, crowd, chaos, settle)


async def _ask(bot: BotProcess, crowd: Crowd, chaos: Chaos, jobs: int) -> None:
    """Until so many were really taken: of reactions only their rows tell."""
    missing = jobs - crowd.taken
    while missing > 0:
        await crowd.ask(missing)
        evidence = Evidence(bot.discord, await _rows(bot), crowd.reactions)
        missing = jobs - sum(one.outcome in ASKED for one in evidence.judge())
    await chaos.calm()


async def _settle(bot: BotProcess, crowd: Crowd, chaos: Chaos, timeout: float) -> Evidence:
    """Wait until every row is answered and nothing moves any more, or the time is up."""
    calm_since = time.monotonic()
    deadline = calm_since + timeout
    while True:
        await asyncio.sleep(0.5)
        if chaos.keeper.done():
            await chaos.keeper
        evidence = Evidence(bot.discord, await _rows(bot), crowd.reactions)
        is_open = any(row.is_open for row in evidence.rows)
        is_doubtful = any(one.outcome is Outcome.LOST for one in evidence.judge())
        still = time.monotonic() - max(calm_since, chaos.journal.moved)
        if not is_open and still > (QUIET_WITH_DOUBT if is_doubtful else QUIET):
            return evidence
        if time.monotonic() > deadline:
            return evidence


async def _rows(bot: BotProcess) -> Sequence[Any]:
    """The rows, asked for until the server answers."""
    deadline = time.monotonic() + ROWS_TIMEOUT
    while True:
        try:
            return await read_rows(bot.database_url)
        except Exception:  # whatever a server in the middle of its recovery says
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.3)


def _save(log: Path, journal: Journal, words: Path) -> None:
    log.write_text("\n".join(journal.lines) + "\n")
    if words.exists():
        log.with_suffix(".bot.log").write_bytes(words.read_bytes())


def main(
    jobs: Annotated[int, typer.Option(min=5, help="Asks that are taken.")] = 200,
    kills: Annotated[int, typer.Option(min=0, help="How often something is killed.")] = 20,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn by lot.")] = 1,
    only: Annotated[Part | None, typer.Option(help="Kill nothing but this.")] = None,
    log: Annotated[Path | None, typer.Option(help="Write down what happened, and the bot's own log beside it.")] = None,
) -> None:
    """Kill the bot, its engine and its database at random while members ask; every one must be answered once."""
    try:
        report = asyncio.run(soak(jobs, kills, seed, only=only, log=log))
    except (RuntimeError, TimeoutError) as error:  # CrashLoop, or a bot that does not get so far
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    show(report, Console())
    sys.stdout.write(json.dumps(report.as_json()) + "\n")
    raise typer.Exit(0 if report.is_good else 1)


if __name__ == "__main__":
    typer.run(main)
