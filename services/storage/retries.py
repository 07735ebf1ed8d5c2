"""Retrying through outages: the database may restart at any moment, the embedded one through its supervisor."""

from __future__ import annotations

import logging

from tenacity import before_sleep_log, retry, retry_if_exception_type, wait_fixed

from services.errors import Unavailable

log = logging.getLogger(__name__)

PAUSE = 0.3  # seconds between tries

#: for statements that are safe to run twice, in callers that have nothing better to do than wait
retry_while_unavailable = retry(
    retry=retry_if_exception_type(Unavailable),
    wait=wait_fixed(PAUSE),
    before_sleep=before_sleep_log(log, logging.WARNING),
)
