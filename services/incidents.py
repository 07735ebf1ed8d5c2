"""Bugs: logged with an incident id that the member sees, so that the operator can find the log entry."""

from __future__ import annotations

import logging
import secrets

log = logging.getLogger(__name__)


def report_bug(error: BaseException, what: str) -> str:
    """Log an error that nobody foresaw and return the sentence for the member; `what` says what failed."""
    incident = secrets.token_hex(4)
    log.error("incident %s: %s", incident, what, exc_info=error)
    return f"Something went wrong on my side (incident {incident}). Please try again; if it keeps happening, tell the operator."
