"""Tell Discord that an interaction is taken, and know what to believe when that fails."""

from __future__ import annotations

import logging

import aiohttp
import discord

from services.queue.generation import Acknowledge, NotAcknowledged

log = logging.getLogger(__name__)

#: nobody knows whether Discord did what was asked; asking again may help
UNREACHED = (discord.DiscordServerError, aiohttp.ClientError, OSError)
ALREADY_ACKNOWLEDGED = 40060


def thinking(interaction: discord.Interaction) -> Acknowledge:
    """Shows "thinking…" to the channel, where the answer will stand."""

    async def acknowledge() -> int | None:
        try:
            shown = await interaction.response.defer(thinking=True)
        except UNREACHED as error:
            # It may stand there all the same; the delivery finds out.
            log.info("interaction %s: nobody knows whether it is acknowledged: %s", interaction.id, error)
            return None
        except discord.HTTPException as error:
            if error.code == ALREADY_ACKNOWLEDGED:  # the answer to an earlier try got lost
                return None
            log.warning("interaction %s came too late: %s", interaction.id, error)
            raise NotAcknowledged from error
        return shown.message_id if shown else None

    return acknowledge
