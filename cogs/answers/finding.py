"""The job that a message shows, when somebody reacts to it."""

from __future__ import annotations

import discord

from cogs.answers.buttons import is_ours, job_shown
from services.jobs import Job, ReplyTarget
from services.queue.generation import Generation


async def job_of_reaction(
    client: discord.Client, generation: Generation, message_id: int, seen: ReplyTarget
) -> Job | None:
    """The job whose pictures a message shows, by the rows or, where these don't know yet that it was sent, by its button.

    Raises: UserError, if the button's job is on no record; Unavailable.
    """
    job = await generation.job_of_message(message_id, seen)
    if job is not None:
        return job
    channel = client.get_partial_messageable(seen.channel_id)
    try:
        message = await channel.get_partial_message(message_id).fetch()
    except discord.HTTPException:
        return None
    job_id = job_shown(message) if is_ours(message, client) else None
    return await generation.job(job_id, seen) if job_id is not None else None
