"""Discord's traffic: which requests it answers how, and how soon it has the bot's answers to interactions."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord

from bot.operations.metrics import Metrics

#: those that are never answered must not pile up
MAX_OPEN = 1000
_CALLBACK = re.compile(r"/interactions/(\d+)/[^/]+/callback$")
_API = re.compile(r".*/api/v\d+/")
_WORD = re.compile(r"[a-z][a-z-]*|@me|@original")
#: Discord's secrets follow the ids of these
_WITH_TOKENS = ("interactions", "webhooks")
_KINDS = {
    discord.InteractionType.application_command.value: "command",
    discord.InteractionType.component.value: "component",
    discord.InteractionType.autocomplete.value: "autocomplete",
    discord.InteractionType.modal_submit.value: "form",
}


class Traffic:
    """Times interactions by this machine's clock alone, from their event to the end of the request that answers them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._open: dict[str, tuple[float, str]] = {}

    @property
    def num_open(self) -> int:
        """Interactions that have no answer yet."""
        return len(self._open)

    def arrived(self, interaction: Mapping[str, Any]) -> None:
        """Discord has sent an interaction, as JSON."""
        if len(self._open) >= MAX_OPEN:
            del self._open[next(iter(self._open))]
        self._open[interaction["id"]] = time.perf_counter(), _KINDS.get(interaction["type"], "other")

    def follow(self, trace: aiohttp.TraceConfig) -> None:
        """Count the requests that `trace` sees."""
        trace.on_request_end.append(self._answered)
        trace.on_request_exception.append(self._failed)

    async def _answered(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        self._count(end.method, end.url.path, str(end.response.status))
        if (callback := _CALLBACK.search(end.url.path)) and end.response.ok:
            arrived, kind = self._open.pop(callback[1], (None, ""))
            if arrived is not None:
                self._metrics.acknowledgement.labels(kind).observe(time.perf_counter() - arrived)

    async def _failed(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, end: aiohttp.TraceRequestExceptionParams
    ) -> None:
        self._count(end.method, end.url.path, "none")

    def _count(self, method: str, path: str, status: str) -> None:
        self._metrics.discord.labels(method, route_of(path), status).inc()


def route_of(path: str) -> str:
    """The route of a path of Discord's REST API, without ids, secrets and whatever else is different each time."""
    api = _API.match(path)
    return "/".join(["", *_parts(path[api.end() :])]) if api else "outside the API"


def _parts(path: str) -> Iterator[str]:
    before: list[str] = []
    for part in path.split("/"):
        if before and before[0] in _WITH_TOKENS and len(before) == 2:
            yield "{token}"
        elif part.isdecimal():
            yield "{id}"
        else:
            yield part if _WORD.fullmatch(part) else "{text}"
        before.append(part)
