"""Start the real bot against a playground: what `play`, `try`, the acceptance tests and the benchmarks run on."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path

from bot.local.process import BotProcess
from playground import Discord


@asynccontextmanager
async def local_bot(
    discord: Discord | None = None, *, folder: Path | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[BotProcess]:
    """Open a Discord and run a bot that is connected to it, with a database of its own.

    `discord` isn't entered yet: its port, rate limits and people are set before the bot connects. `folder` is the
    bot's data folder; without it, a temporary one is made. `settings` are named as in the environment.

    Raises: OSError if the port is taken; StartFailed.
    """
    discord = Discord() if discord is None else discord
    with nullcontext(folder) if folder else data_folder() as data:
        async with discord, BotProcess(discord, data, settings=settings) as bot:
            yield bot


@contextmanager
def data_folder() -> Iterator[Path]:
    """A temporary folder for a bot's data.

    PostgreSQL refuses to run as root, so under root its server uses another account, which must get through.
    """
    with tempfile.TemporaryDirectory(prefix="negative-space-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
