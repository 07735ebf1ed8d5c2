"""The server may be started anew at any moment, the embedded one by its supervisor: what can safely be asked again, is."""

from __future__ import annotations

import logging

from tenacity import before_sleep_log, retry, retry_if_exception_type, wait_fixed

from services.errors import Unavailable

log = logging.getLogger(__name__)

PAUSE = 0.3  # seconds between two tries

#: for statements that do no harm when they run twice, and whose caller has nothing better to do than to wait
survives_outages = retry(
    retry=retry_if_exception_type(Unavailable),
    wait=wait_fixed(PAUSE),
    before_sleep=before_sleep_log(log, logging.WARNING),
)
