"""The playground with the real bot in it, for a person at a browser."""

from __future__ import annotations

import asyncio
import signal

import typer

from bot.local.launch import local_bot
from playground import Discord


async def play(port: int) -> None:
    """Serve until Ctrl-C. Everything is forgotten at the end."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    discord = Discord(port)
    for name, permissions in (("ana", ()), ("ben", ()), ("mod", ("manage_guild", "manage_messages"))):
        discord.person(name, permissions)
    typer.echo("starting the bot (the first time takes a little longer) …")
    async with local_bot(discord) as bot:
        typer.echo(f"ready: {discord.base_url}")
        typer.echo(f"the bot's log: {bot.log}   stop with Ctrl-C")
        await stopped.wait()
        typer.echo("stopping …")
