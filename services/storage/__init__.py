"""PostgreSQL, and all of the project's SQL. Job rows are the truth; the queue only orders them."""

from services.storage.database import DatabaseUnusable, Storage, open_storage
from services.storage.embedded import EmbeddedPostgres, PostgresFailed
from services.storage.migrate import NewerSchema

__all__ = ["DatabaseUnusable", "EmbeddedPostgres", "NewerSchema", "PostgresFailed", "Storage", "open_storage"]
