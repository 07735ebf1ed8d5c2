"""What Prometheus reads of events, requests and log lines."""

from __future__ import annotations

import logging

import pytest
from prometheus_client import generate_latest

from bot.operations.metrics import LogCounter, Metrics, step_range
from bot.operations.traffic import MAX_OPEN, Traffic, route_of
from services.events import BatchDrawn, EngineLost, EngineStarted, Events, JobMoved, JobStarted, StatementRun
from services.incidents import log_incident
from services.jobs import JobState, Reason


def exported(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


@pytest.mark.parametrize(
    ("steps", "label"), [(1, "1-10"), (10, "1-10"), (11, "11-20"), (30, "21-30"), (50, "31-50"), (150, "51+")]
)
def test_steps_are_counted_by_range(steps: int, label: str) -> None:
    assert step_range(steps) == label


def test_events_are_counted() -> None:
    metrics = Metrics()
    events = Events([metrics])
    for event in (
        JobMoved(JobState.QUEUED),
        JobMoved(JobState.FAILED, Reason.OUT_OF_MEMORY),
        JobStarted(7.0),
        BatchDrawn("demo", 25, 3, 0.7, free_memory=5 * 1024**3),
        EngineStarted(),
        EngineLost(),
        StatementRun(0.003, is_unavailable=False),
        StatementRun(2.0, is_unavailable=True),
    ):
        events.tell(event)
    text = exported(metrics)
    for line in (
        'negative_space_jobs_total{reason="",state="queued"} 1.0',
        'negative_space_jobs_total{reason="out of memory",state="failed"} 1.0',
        'negative_space_wait_seconds_bucket{le="5.0"} 0.0',
        'negative_space_wait_seconds_bucket{le="10.0"} 1.0',
        'negative_space_render_seconds_count{model="demo",steps="21-30"} 1.0',
        "negative_space_batch_pictures_sum 3.0",
        "negative_space_device_free_memory_bytes 5.36870912e+09",
        "negative_space_engine_starts_total 1.0",
        "negative_space_engine_deaths_total 1.0",
        'negative_space_database_seconds_count{outcome="ok"} 1.0',
        'negative_space_database_seconds_count{outcome="unavailable"} 1.0',
    ):
        assert line in text.splitlines()


def test_a_listener_that_fails_stops_neither_the_others_nor_the_work(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()

    def broken(event: object) -> None:
        raise ZeroDivisionError

    Events([broken, metrics]).tell(EngineStarted())
    assert "negative_space_engine_starts_total 1.0" in exported(metrics)
    assert "measuring EngineStarted" in caplog.text


def test_incidents_and_warnings_are_counted() -> None:
    metrics = Metrics()
    handler = LogCounter(metrics)
    logging.getLogger().addHandler(handler)
    try:
        log_incident(ValueError(), "testing")
        logging.getLogger("tests").warning("something")
        logging.getLogger("tests").info("nothing to count")
    finally:
        logging.getLogger().removeHandler(handler)
    text = exported(metrics)
    assert "negative_space_incidents_total 1.0" in text
    assert 'negative_space_log_records_total{level="warning"} 1.0' in text
    assert 'level="info"' not in text


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v10/channels/123/messages", "/channels/{id}/messages"),
        ("/api/v10/interactions/123/aW50ZXJhY3Rpb24/callback", "/interactions/{id}/{token}/callback"),
        ("/api/v10/interactions/123/lowercase/callback", "/interactions/{id}/{token}/callback"),
        ("/api/v10/webhooks/1/aW50/messages/@original", "/webhooks/{id}/{token}/messages/@original"),
        ("/api/v10/channels/1/messages/2/reactions/🔁/@me", "/channels/{id}/messages/{id}/reactions/{text}/@me"),
        ("/attachments/1/2/picture.png", "outside the API"),
    ],
)
def test_routes_have_no_ids_and_no_secrets(path: str, route: str) -> None:
    assert route_of(path) == route


def test_interactions_that_are_never_answered_do_not_pile_up() -> None:
    traffic = Traffic(Metrics())
    for number in range(3 * MAX_OPEN):
        traffic.arrived({"id": str(number), "type": 2})
    assert traffic.num_open == MAX_OPEN
