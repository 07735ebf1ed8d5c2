"""The server may be started anew at any moment, the embedded one by its supervisor: what can safely be asked again, is."""

from __future__ import annotations

import logging

import asyncpg
from tenacity import before_sleep_log, retry, retry_if_exception_type, stop_after_delay, wait_fixed

log = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds; a server that crashed replays its log before it answers

#: for statements that do no harm when they run twice, since nobody knows whether the lost one ran
survives_outages = retry(
    retry=retry_if_exception_type(
        (
            OSError,
            asyncpg.InterfaceError,
            asyncpg.PostgresConnectionError,
            asyncpg.AdminShutdownError,
            asyncpg.CrashShutdownError,
            asyncpg.CannotConnectNowError,
        )
    ),
    wait=wait_fixed(0.3),
    stop=stop_after_delay(PATIENCE),
    before_sleep=before_sleep_log(log, logging.WARNING),
    reraise=True,
)
