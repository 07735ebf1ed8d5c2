"""A bug's id is in the log and in the sentence that the member reads."""

from __future__ import annotations

import logging
import re

import pytest

from services.incidents import apology, log_incident


def test_the_log_has_the_incidents_id_what_failed_and_the_traceback(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise KeyError("row")
    except KeyError as error:
        incident = log_incident(error, "rendering jobs [7]")
    assert re.fullmatch("[0-9a-f]{8}", incident)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == f"incident {incident}: rendering jobs [7]"
    assert record.exc_info is not None
    assert "KeyError: 'row'" in caplog.text


def test_the_member_reads_the_same_id_and_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    incident = log_incident(ValueError(), "anything")
    assert f"(incident {incident}). Please try again" in apology(incident)
    assert apology(incident, "Discord rejected the message").startswith("Discord rejected the message (incident ")
    assert incident in caplog.text


def test_every_incident_has_its_own_id() -> None:
    assert len({log_incident(ValueError(), "anything") for _ in range(20)}) == 20
