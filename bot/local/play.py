"""The playground and the real bot, for someone in a browser."""

from __future__ import annotations

import asyncio
import signal

import typer

from bot.local.launch import local_bot
from playground import Discord


async def play(port: int) -> None:
    """Serve until Ctrl-C; nothing is kept afterwards.

    Raises: OSError if the port is taken.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop_signal, stopped.set)
    discord = Discord(port, rate_limits=True)
    for name, permissions in (("ana", ()), ("ben", ()), ("mod", ("manage_guild", "manage_messages"))):
        discord.person(name, permissions)
    typer.echo("starting the bot (the first start takes a little longer) …")
    async with local_bot(discord) as bot:
        typer.echo(f"ready: {discord.base_url}")
        typer.echo(f"the bot's log is {bot.log}; press Ctrl-C to stop")
        await stopped.wait()
        typer.echo("stopping …")
