"""Getting to Discord and staying there: what passes is waited for, what an operator has to mend ends the bot."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import discord
from tenacity import RetryCallState, retry, retry_if_exception_type, wait_exponential_jitter

from bot.client import Client

log = logging.getLogger(__name__)

#: exit codes, for whatever restarts the bot: none of these passes by itself
WRONG_TOKEN, WRONG_GATEWAY_USE = 3, 4
#: seconds between two tries to log in
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0

_REFUSED = {
    4004: "Discord no longer accepts DISCORD_TOKEN: copy the token from the developer portal (Bot → Reset Token).",
    4010: "Discord refused the bot's shard; please report this.",
    4011: "The bot is in so many servers that Discord demands sharding, which it can't do yet.",
    4012: "Discord no longer offers the version of its gateway that the bot uses; update the bot.",
    4013: "Discord refused the bot's intents; please report this.",
    4014: "Discord refused the bot's intents; please report this.",
}


class Refused(Exception):
    """Discord doesn't take the bot, and won't later. The message is for the operator."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def _report(state: RetryCallState) -> None:
    error, pause = state.outcome and state.outcome.exception(), state.next_action and state.next_action.sleep
    log.warning("Discord can't be reached (%r); trying again in %.0f s", error, pause or 0)


@retry(
    retry=retry_if_exception_type((discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError)),
    wait=wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
    before_sleep=_report,
)
async def log_in(client: Client, token: str) -> None:
    """Log in, as soon as Discord can be reached.

    Raises: Refused, if the token is wrong.
    """
    await client.http.close()  # of an earlier try
    client.http.connector = discord.utils.MISSING
    try:
        await client.login(token)
    except discord.LoginFailure as error:
        sentence = "Discord rejected DISCORD_TOKEN: copy the token from the developer portal (Bot → Reset Token)."
        raise Refused(sentence, WRONG_TOKEN) from error


async def stay_connected(client: Client) -> None:
    """Connect to the gateway, and again whenever the connection is lost.

    Raises: Refused.
    """
    await _await_session(client)
    try:
        await client.connect()
    except discord.PrivilegedIntentsRequired as error:
        raise Refused(_REFUSED[4014], WRONG_GATEWAY_USE) from error
    except discord.ConnectionClosed as error:
        sentence = _REFUSED.get(error.code, f"Discord closed the connection for good, with code {error.code}.")
        raise Refused(sentence, WRONG_TOKEN if error.code == 4004 else WRONG_GATEWAY_USE) from error


async def _await_session(client: Client) -> None:
    """Discord resets the token of a bot that starts more sessions than it may in a day."""
    while True:
        try:
            _, _, limit = await client.http.get_bot_gateway()
        except (discord.GatewayNotFound, aiohttp.ClientError, OSError):
            return  # connecting waits until Discord is back
        if limit["remaining"] > 0:
            return
        pause = limit["reset_after"] / 1000
        log.warning("Discord allows no more sessions for %.0f s; waiting until then", pause)
        await asyncio.sleep(pause + 1)
