"""Bugs: logged with an incident id that the member sees too, so that the operator can find the log entry."""

from __future__ import annotations

import logging
import secrets

log = logging.getLogger(__name__)


def log_incident(error: BaseException, what: str) -> str:
    """Log an error that nobody foresaw; `what` says what failed. Returns the incident's id."""
    incident = secrets.token_hex(4)
    log.error("incident %s: %s", incident, what, exc_info=error, extra={"incident": incident})
    return incident


def apology(incident: str, sentence: str = "Something went wrong on my side") -> str:
    """What the member reads about an incident."""
    return f"{sentence} (incident {incident}). Please try again; if it keeps happening, tell the operator."
