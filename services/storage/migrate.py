"""Schema migrations: numbered SQL files, forward only, each applied in its own transaction.

The database records which were applied; an advisory lock makes it safe for two processes to start at once.
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
#: arbitrary, as long as nothing else in the database takes an advisory lock on the same number
_LOCK = 7_318_008_220

#: migrating large tables takes long, and so does waiting for another process that does it
TIMEOUT = 3600.0  # seconds

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class NewerSchema(Exception):
    """The database was written by a newer version of the bot; using it could lose data."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file."""

    number: int
    name: str
    sql: str


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """All migrations, in order.

    Raises: ValueError, if numbers are missing or used twice.
    """
    found = [
        Migration(int(match[1]), path.name, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.sql"))
        if (match := _NAME.fullmatch(path.name))
    ]
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(
            f"migrations must be numbered 1 to {len(found)} without gaps: {[migration.name for migration in found]}"
        )
    return found


async def migrate(connection: asyncpg.Connection, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply the migrations that the database lacks and return their names.

    Raises: NewerSchema, if the database has more migrations than `migrations`.
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
                f"The database has schema {applied}, but this version only knows up to {len(migrations)}: update the bot."
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
