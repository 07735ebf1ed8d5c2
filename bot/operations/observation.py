"""All that watches a running bot, opened before what it watches."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bot.operations.metrics import LogCounter, Metrics
from bot.operations.pages import serve_pages
from bot.operations.state import Parts, Readiness, StateCollector
from bot.operations.traffic import Traffic
from bot.settings import Settings
from services.events import Events


@dataclass(frozen=True, slots=True)
class Observation:
    """What the parts report to."""

    metrics: Metrics
    events: Events
    traffic: Traffic
    #: sees every request to Discord
    trace: aiohttp.TraceConfig
    readiness: Readiness

    def watch(self, parts: Parts) -> None:
        """Look at these parts from now on."""
        self.readiness.parts = parts
        self.metrics.registry.register(StateCollector(parts, self.readiness))


@asynccontextmanager
async def open_observation(settings: Settings) -> AsyncIterator[Observation]:
    """Observe until the block ends, and serve the operator's pages if there is a port for them.

    Raises: PortUnusable.
    """
    metrics, readiness = Metrics(), Readiness()
    traffic, trace = Traffic(metrics), aiohttp.TraceConfig()
    traffic.follow(trace)
    async with AsyncExitStack() as stack:
        stack.callback(_attach(LogCounter(metrics)))
        if settings.metrics_port:
            pages = serve_pages(settings.metrics_address, settings.metrics_port, metrics, readiness)
            await stack.enter_async_context(pages)
        yield Observation(metrics, Events([metrics]), traffic, trace, readiness)


def _attach(handler: logging.Handler) -> Callable[[], None]:
    """Let a handler see what is logged, and return what takes it off."""
    logging.getLogger().addHandler(handler)
    return lambda: logging.getLogger().removeHandler(handler)
