"""A private PostgreSQL server for operators who have none of their own."""

from services.storage.embedded.errors import PostgresFailed
from services.storage.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "PostgresFailed"]
