"""The state of the running parts, read off when somebody asks: gauges for Prometheus, and whether the bot is ready."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import discord
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.operations.metrics import NAMESPACE
from services.engine.process import Engine
from services.errors import Unavailable
from services.queue.line import Line
from services.stock import Stocks
from services.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is looked at."""

    client: discord.Client
    storage: Storage
    engine: Engine
    line: Line
    stocks: Stocks
    data_dir: Path
    batch_pictures: int


class Readiness:
    """Which of the parts that a picture needs are there."""

    def __init__(self) -> None:
        self.parts: Parts | None = None
        self.has_database = False

    async def check(self) -> list[str]:
        """Names of the parts that are missing; takes at most as long as a statement may."""
        if self.parts is not None:
            try:
                await self.parts.storage.version()
                self.has_database = True
            except Unavailable:
                self.has_database = False
        return [name for name, is_there in self.found().items() if not is_there]

    def found(self) -> dict[str, bool]:
        """By name, with the database as it was when last asked."""
        parts = self.parts
        return {
            "discord": parts is not None and parts.client.is_ready() and not parts.client.is_closed(),
            "database": self.has_database,
            "engine": parts is not None and parts.engine.is_running,
        }


class StateCollector(Collector):
    """Gauges of the parts."""

    def __init__(self, parts: Parts, readiness: Readiness) -> None:
        self._parts = parts
        self._readiness = readiness

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _gauge("part_up", "whether this part is there: 1 or 0", "part", self._readiness.found())
        yield from self._of_the_line()
        yield from self._of_the_stock()
        yield from self._of_the_database()
        latency = self._parts.client.latency
        if not math.isnan(latency):
            yield _gauge("gateway_latency_seconds", "between a heartbeat and Discord's answer", value=latency)

    def _of_the_line(self) -> Iterator[GaugeMetricFamily]:
        line, ready = self._parts.line, self._parts.engine.ready
        counts = {"waiting": len(line.waiting), "drawn": len(line.running), "answered": len(line.pending)}
        yield _gauge("line_jobs", "jobs that wait, are being drawn, or are being answered", "state", counts)
        yield _gauge("batch_pictures_limit", "most pictures in a batch", value=self._parts.batch_pictures)
        memory = {ready.device: ready.memory} if ready is not None else {}
        yield _gauge("device_memory_bytes", "all that the engine's device has", "device", memory)

    def _of_the_stock(self) -> Iterator[GaugeMetricFamily]:
        stocks = self._parts.stocks
        counts = {"everyone": len(stocks.shared_library), "servers": stocks.servers_embeddings}
        yield _gauge("embeddings", "installed, for everyone or for single servers", "owner", counts)
        yield _gauge("models", "installed", value=len(stocks.shared.shelf.installed))
        free = shutil.disk_usage(self._parts.data_dir).free
        yield _gauge("disk_free_bytes", "where the data folder is", value=free)

    def _of_the_database(self) -> Iterator[GaugeMetricFamily]:
        pool = self._parts.storage.pool
        counts = {"idle": pool.idle_connections, "busy": pool.open_connections - pool.idle_connections}
        yield _gauge("database_connections", "open ones", "state", counts)
        yield _gauge("database_connections_limit", "most that may be open", value=pool.max_connections)


def _gauge(
    name: str,
    what: str,
    label: str | None = None,
    values: dict[str, int] | dict[str, bool] | None = None,
    value: float = 0,
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{NAMESPACE}_{name}", what, labels=[label] if label else None)
    if label is None:
        family.add_metric((), value)
    for key, amount in (values or {}).items():
        family.add_metric((key,), amount)
    return family
