"""PostgreSQL: the one place with SQL in it. The job row is the truth; the queue is an order over it."""

from services.storage.database import Storage, open_storage
from services.storage.embedded import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "Storage", "open_storage"]
