"""The page's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.server import Discord


def add_page(discord: Discord) -> None:
    """Add the page to the server."""
