"""Files that members give to commands."""

from __future__ import annotations

import discord

from services.errors import UserError


async def fetched(file: discord.Attachment) -> bytes:
    """What is in it. Raises: UserError, if Discord does not hand it out."""
    try:
        return await file.read()
    except discord.HTTPException as error:
        raise UserError("Discord does not give me that file just now; please attach it again.") from error
