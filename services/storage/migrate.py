"""Bring a database to the newest schema: numbered SQL files, forward only, each in its own transaction.

The ledger is in the database, and an advisory lock lets two processes start at once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "migrations"
#: any number, as long as nothing else on the server locks the same one
_LOCK = 7_318_008_220

#: large tables take long, and so does another process that migrates them
TIMEOUT = 3600.0  # seconds

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class NewerSchema(Exception):
    """The database was written by a newer version; going on could lose data."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    number: int
    name: str
    sql: str


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """All migrations in order.

    Raises: ValueError, if numbers are missing or stand twice.
    """
    found = [
        Migration(int(match[1]), path.name, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.sql"))
        if (match := _NAME.fullmatch(path.name))
    ]
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered 1 to {len(found)}: {[migration.name for migration in found]}")
    return found


async def migrate(connection: asyncpg.Connection, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is missing and return its names.

    Raises: NewerSchema, if the ledger knows more than the files.
    """
    migrations = read_migrations() if migrations is None else migrations
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK, timeout=TIMEOUT)
    try:
        await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS migrations (
                number     integer     PRIMARY KEY,
                name       text        NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        applied = await connection.fetchval("SELECT coalesce(max(number), 0) FROM migrations") or 0
        if applied > len(migrations):
            raise NewerSchema(
                f"The database is at schema {applied}, this version knows {len(migrations)}: update the bot."
            )
        for migration in migrations[applied:]:
            async with connection.transaction():
                await connection.execute(migration.sql, timeout=TIMEOUT)
                await connection.execute(
                    "INSERT INTO migrations (number, name) VALUES ($1, $2)", migration.number, migration.name
                )
            log.info("applied migration %s", migration.name)
        return [migration.name for migration in migrations[applied:]]
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
