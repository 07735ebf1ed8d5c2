"""The running bot: its background tasks and its connection, until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.app import App, open_app
from bot.connection import Refused, log_in, stay_connected
from bot.settings import Settings
from services.background import keep_running
from services.errors import Unavailable
from services.storage.retries import retry_while_unavailable

LIFE_INTERVAL = 10.0  # seconds


async def run(settings: Settings, is_up: asyncio.Event, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set; once `is_up` is set, it stops gracefully.

    Raises: Refused, if Discord won't take the bot.
    """
    with _unwrapped(Refused):
        async with open_app(settings) as app:
            await log_in(app.client, settings.discord_token.get_secret_value())
            await retry_while_unavailable(app.upkeep.resume)()
            await _work(app, settings.data_dir / "alive", is_up, stop)


async def _work(app: App, sign_of_life: Path, is_up: asyncio.Event, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:  # only if Discord refuses the bot, it stops
        tasks = [
            group.create_task(keep_running(app.worker.run, "worker")),
            group.create_task(keep_running(app.upkeep.tend, "orphaned jobs")),
            group.create_task(keep_running(app.upkeep.prune, "old pictures")),
            group.create_task(keep_running(app.privacy.keep_tidy, "retention")),
            group.create_task(keep_running(app.generation.load_uses, "uses")),
            group.create_task(keep_running(app.votes.load, "votes")),
            group.create_task(keep_running(app.installer.watch, "embeddings folder")),
            group.create_task(keep_running(app.conversions.watch, "embeddings in other formats")),
            group.create_task(keep_running(app.models.watch, "models' folders")),
            group.create_task(keep_running(app.client.command_tree.keep_updated, "commands")),
            group.create_task(keep_running(lambda: _show_life(app, sign_of_life), "sign of life")),
            group.create_task(stay_connected(app.client), name="client"),
        ]
        is_up.set()
        await stop.wait()
        await app.wind_down()
        for task in tasks:
            task.cancel()


async def _show_life(app: App, path: Path) -> None:
    """Touch a file while Discord and the database are there, for whatever watches over the bot from outside."""
    while True:
        with suppress(Unavailable):
            if app.client.is_ready():
                await app.storage.version()
                path.touch()
        await asyncio.sleep(LIFE_INTERVAL)


@contextmanager
def _unwrapped(kind: type[Exception]) -> Iterator[None]:
    """Raise an error of this kind by itself, out of the group that a TaskGroup makes of it."""
    try:
        yield
    except ExceptionGroup as group:
        if found := group.subgroup(kind):
            raise found.exceptions[0] from None
        raise
