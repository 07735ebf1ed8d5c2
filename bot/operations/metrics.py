"""What is counted and timed, as Prometheus reads it. `state` adds what is merely read off when somebody asks."""

from __future__ import annotations

import logging
from bisect import bisect_left
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from services.events import BatchDrawn, EngineLost, EngineStarted, Event, JobClosed, JobMoved, JobStarted, StatementRun
from services.jobs import JobState

NAMESPACE = "negative_space"
#: members type any number of steps, and Prometheus keeps a series for each value of a label
STEP_RANGES = {10: "1-10", 20: "11-20", 30: "21-30", 50: "31-50"}
MANY_STEPS = "51+"

_WAITS = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
_RENDERS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)
#: Discord gives up on an interaction after three seconds
_ACKNOWLEDGEMENTS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 5)
_STATEMENTS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2)
_PICTURES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


class Metrics:
    """Listens to the services' events; Discord's traffic and the log are told by their observers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, namespace=NAMESPACE, registry=self.registry)
        gauge = partial(Gauge, namespace=NAMESPACE, registry=self.registry)
        histogram = partial(Histogram, namespace=NAMESPACE, registry=self.registry)
        self.jobs = counter("jobs", "jobs that reached a state, and why they failed", ("state", "reason"))
        self.wait = histogram("wait_seconds", "from the request until it is drawn", buckets=_WAITS)
        self.render = histogram(
            "render_seconds", "of a batch on the engine, by range of steps", ("model", "steps"), buckets=_RENDERS
        )
        self.batch = histogram("batch_pictures", "pictures in a batch", buckets=_PICTURES)
        self.engine_starts = counter("engine_starts", "processes of the engine that became ready")
        self.engine_deaths = counter("engine_deaths", "processes of the engine that crashed, hung or didn't start")
        self.free_memory = gauge("device_free_memory_bytes", "of a GPU after its last batch, for its own memory")
        self.acknowledgement = histogram(
            "acknowledgement_seconds",
            "from an interaction's arrival until Discord has the bot's first answer",
            ("kind",),
            buckets=_ACKNOWLEDGEMENTS,
        )
        self.discord = counter("discord_requests", "REST requests and what came back", ("method", "route", "status"))
        self.statements = histogram("database_seconds", "of statements", ("outcome",), buckets=_STATEMENTS)
        self.records = counter("log_records", "lines of the log, from warnings up", ("level",))
        self.incidents = counter("incidents", "bugs with an incident id")

    def __call__(self, event: Event) -> None:
        match event:
            case JobMoved(state, reason):
                self.jobs.labels(state.value, reason.value).inc()
            case JobClosed(state=state) if state is not JobState.FAILED:  # which was counted with its reason
                self.jobs.labels(state.value, "").inc()
            case JobStarted(waited):
                self.wait.observe(waited)
            case BatchDrawn():
                self._count_batch(event)
            case EngineStarted():
                self.engine_starts.inc()
            case EngineLost():
                self.engine_deaths.inc()
            case StatementRun(seconds, is_unavailable):
                self.statements.labels("unavailable" if is_unavailable else "ok").observe(seconds)
            case _:
                pass

    def _count_batch(self, drawn: BatchDrawn) -> None:
        self.render.labels(drawn.checkpoint, step_range(drawn.steps)).observe(drawn.seconds)
        self.batch.observe(drawn.pictures)
        if drawn.free_memory is not None:
            self.free_memory.set(drawn.free_memory)


def step_range(steps: int) -> str:
    """The label for a number of steps."""
    edges = [*STEP_RANGES]
    place = bisect_left(edges, steps)
    return STEP_RANGES[edges[place]] if place < len(edges) else MANY_STEPS


class LogCounter(logging.Handler):
    """Counts what is logged."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(logging.WARNING)
        self._metrics = metrics

    def emit(self, record: logging.LogRecord) -> None:
        self._metrics.records.labels(record.levelname.lower()).inc()
        if hasattr(record, "incident"):
            self._metrics.incidents.inc()
