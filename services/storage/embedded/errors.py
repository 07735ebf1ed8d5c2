"""Why there is no embedded server."""

from __future__ import annotations


class PostgresFailed(Exception):
    """The embedded server can't start; the message says why and what to do."""
