"""PostgreSQL, and all of the project's SQL. Job rows are the truth; the queue only orders them."""

from services.storage.database import DatabaseUnreachable, Storage, open_storage
from services.storage.embedded import EmbeddedPostgres, PostgresFailed

__all__ = ["DatabaseUnreachable", "EmbeddedPostgres", "PostgresFailed", "Storage", "open_storage"]
