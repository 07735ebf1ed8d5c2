"""What counts as an outage of the database: whatever passes without anyone changing the bot or the statement.

Everything else that the driver raises is a bug: a faulty statement, a violated constraint, a missing table or right.
"""

from __future__ import annotations

import logging
import time

import asyncpg

log = logging.getLogger(__name__)

OUTAGES = (
    OSError,  # the server can't be reached or doesn't answer in time; includes TimeoutError
    # The driver's own: the connection was closed during a statement, or between two of its steps
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InvalidCachedStatementError,  # another process changed the schema; the driver prepares the statement again
    # The server's, by SQLSTATE
    asyncpg.PostgresConnectionError,  # 08: connection lost or rejected, also by a pooler in between
    asyncpg.ReadOnlySQLTransactionError,  # 25006: a standby, or a server that was made read-only
    asyncpg.IdleInTransactionSessionTimeoutError,  # 25P03
    asyncpg.TransactionTimeoutError,  # 25P04
    asyncpg.TransactionRollbackError,  # 40: deadlock, serialization failure
    asyncpg.InsufficientResourcesError,  # 53: disk full, out of memory, too many connections
    asyncpg.LockNotAvailableError,  # 55P03: lock_timeout
    asyncpg.OperatorInterventionError,  # 57: starting up, shutting down, statement_timeout, cancelled by an administrator
    asyncpg.PostgresIOError,  # 58030: a disk that is failing or away
)
#: an InterfaceError too, but waiting doesn't help
_NOT_OUTAGES = (asyncpg.ClientConfigurationError,)

LOG_INTERVAL = 60.0  # seconds


def is_outage(error: BaseException) -> bool:
    """Whether trying again later may succeed."""
    return isinstance(error, OUTAGES) and not isinstance(error, _NOT_OUTAGES)


def reason_for(error: BaseException) -> str:
    """An error in words for the operator; not every error has a text."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


class OutageLog:
    """Logs the reasons for an outage, each at most once a minute, however many statements fail."""

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}

    def report(self, error: BaseException) -> None:
        kind, now = type(error).__name__, time.monotonic()
        if kind not in self._logged_at or now - self._logged_at[kind] >= LOG_INTERVAL:
            self._logged_at[kind] = now
            log.warning("the database is unavailable: %s", reason_for(error))
