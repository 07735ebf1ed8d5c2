"""Runs a soak: members send requests while parts are killed, everything settles, and every request is judged."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.soak.chaos import Chaos
from benchmarks.soak.journal import Journal
from benchmarks.soak.members import Members
from benchmarks.soak.report import ACCEPTED, Report
from benchmarks.soak.verdict import Evidence, Outcome, read_rows
from bot.local.launch import data_folder, local_bot
from bot.local.process import BotProcess, Part
from playground import Discord

SETTLE_TIMEOUT = 150.0  # seconds; the bot waits up to a minute before it retries a delivery
#: seconds without a new message after which everything has settled: if all requests are answered, and if some aren't
QUIET, QUIET_WITH_DOUBT = 2.0, 12.0
ROWS_TIMEOUT = 60.0  # seconds; a killed server replays its log before it accepts connections


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
    """Run a soak until `jobs` requests were accepted and all is settled.

    Raises: CrashLoop if the bot doesn't stay up; StartFailed.
    """
    started = time.monotonic()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # or it logs every connection dropped on purpose
    discord = Discord(rate_limits=True)
    journal = Journal(discord)
    with data_folder() as folder:
        try:
            async with local_bot(discord, folder=folder) as bot:
                chaos = Chaos(bot, journal, random.Random(seed), jobs, kills, only)
                evidence = await _run(bot, chaos, jobs, seed, settle, quiet=quiet)
                verdicts = evidence.judge()
                for verdict in verdicts:
                    journal.note(f"verdict: {verdict.as_line()}")
        finally:
            if log is not None:
                _save(log, journal, folder / "bot.log")
    bad = [verdict for verdict in verdicts if verdict.outcome in (Outcome.TWICE, Outcome.LOST)]
    return Report(
        seed,
        chaos.done,
        chaos.faults.injected,
        chaos.database.made,
        verdicts,
        evidence.disagreements(),
        chaos.own_exits,
        time.monotonic() - started,
        ["\n    ".join([verdict.as_line(), *journal.about(verdict.ids)]) for verdict in bad],
    )


async def _run(bot: BotProcess, chaos: Chaos, jobs: int, seed: int, settle: float, *, quiet: bool) -> Evidence:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task("sending requests", total=jobs)

        def on_accepted(number: int) -> None:
            progress.update(bar, completed=number)
            chaos.on_accepted(number)

        members = Members(bot.discord, seed, on_accepted)
        await members.draw_first_pictures()
        async with chaos:
            requests = asyncio.create_task(_send_requests(bot, members, chaos, jobs))
            await asyncio.wait({requests, chaos.keeper}, return_when=asyncio.FIRST_COMPLETED)
            if not requests.done():
                requests.cancel()
                await chaos.keeper  # raises CrashLoop
            await requests
            progress.update(bar, description="settling", total=members.accepted)
            return await _settle(bot, members, chaos, settle)


async def _send_requests(bot: BotProcess, members: Members, chaos: Chaos, jobs: int) -> None:
    """Send requests until `jobs` have really been accepted; whether a reaction was, only its row tells."""
    missing = jobs - members.accepted
    while missing > 0:
        await members.send_requests(missing)
        evidence = Evidence(bot.discord, await _rows(bot), members.reactions)
        missing = jobs - sum(verdict.outcome in ACCEPTED for verdict in evidence.judge())
    await chaos.calm()


async def _settle(bot: BotProcess, members: Members, chaos: Chaos, timeout: float) -> Evidence:
    """Wait until every row is answered and no message changes any more, for at most `timeout` seconds."""
    calm_since = time.monotonic()
    deadline = calm_since + timeout
    while True:
        await asyncio.sleep(0.5)
        if chaos.keeper.done():
            await chaos.keeper
        evidence = Evidence(bot.discord, await _rows(bot), members.reactions)
        is_open = any(row.is_open for row in evidence.rows)
        is_doubtful = any(verdict.outcome is Outcome.LOST for verdict in evidence.judge())
        quiet_for = time.monotonic() - max(calm_since, chaos.journal.last_change)
        if not is_open and quiet_for > (QUIET_WITH_DOUBT if is_doubtful else QUIET):
            return evidence
        if time.monotonic() > deadline:
            return evidence


async def _rows(bot: BotProcess) -> Sequence[Any]:
    """All rows, retrying until the server answers."""
    deadline = time.monotonic() + ROWS_TIMEOUT
    while True:
        try:
            return await read_rows(bot.database_url)
        except Exception:  # a server that is recovering raises various errors
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.3)


def _save(log: Path, journal: Journal, bot_log: Path) -> None:
    log.write_text("\n".join(journal.lines) + "\n")
    if bot_log.exists():
        log.with_suffix(".bot.log").write_bytes(bot_log.read_bytes())
