"""PostgreSQL, and all of the project's SQL. Job rows are the truth; the queue only orders them."""

from services.storage.database import Storage, open_storage
from services.storage.embedded import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "Storage", "open_storage"]
