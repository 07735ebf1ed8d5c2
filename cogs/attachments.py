"""Files that members attach to commands."""

from __future__ import annotations

import aiohttp
import discord

from services.errors import UserError


async def download(file: discord.Attachment) -> bytes:
    """The file's bytes.

    Raises: UserError, if Discord doesn't serve it.
    """
    try:
        return await file.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise UserError("Discord isn't giving me that file right now; please attach it again.") from error
