"""Why Discord rejected an answer, and what its member can do."""

from __future__ import annotations

import logging

import discord

from services.incidents import apology, log_incident
from services.jobs import Job, Reason

log = logging.getLogger(__name__)

REJECTED = "Your picture was drawn, but Discord rejected the message"
_AUTOMOD = "This server's AutoMod blocked the message with your picture; change the prompt and try again."
#: by Discord's code, where the member can do something about it
REJECTIONS = {
    200000: _AUTOMOD,
    200001: _AUTOMOD,
    240000: "Discord takes something in your prompt for a harmful link and blocked the message; leave it out and try again.",
    20009: "Discord takes your picture for explicit content and doesn't post it here; try another prompt.",
    40333: "Discord's network refused the message with your picture; please try again in a few minutes.",
}


def explain_rejection(job: Job, error: Exception) -> tuple[str, str, Reason]:
    """What the member reads, what the row says, and what is counted; all but rejections that members can mend are incidents."""
    known = REJECTIONS.get(error.code) if isinstance(error, discord.HTTPException) else None
    if known is not None and not isinstance(error, discord.DiscordServerError):
        log.warning("job %s: Discord rejected its answer: %s", job.id, error)
        return known, f"rejected: {error}", Reason.REJECTED
    incident = log_incident(error, f"answering job {job.id}")
    is_rejection = isinstance(error, discord.HTTPException)
    sentence = apology(incident, REJECTED) if is_rejection else apology(incident)
    story = f"incident {incident}: {type(error).__name__}: {error}"
    return sentence, story, Reason.REJECTED if is_rejection else Reason.BUG
