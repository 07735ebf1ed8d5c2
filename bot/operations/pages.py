"""The operator's port: /metrics for Prometheus, /healthz and /readyz for whatever restarts or watches the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.aiohttp import make_aiohttp_handler

from bot.operations.metrics import Metrics
from bot.operations.state import Readiness


class PortUnusable(Exception):
    """The port can't be listened on; the message is for the operator."""


@asynccontextmanager
async def serve_pages(address: str, port: int, metrics: Metrics, readiness: Readiness) -> AsyncIterator[None]:
    """Serve until the block ends.

    Raises: PortUnusable.
    """
    write_metrics = make_aiohttp_handler(metrics.registry)

    async def show_metrics(request: web.Request) -> web.StreamResponse:
        await readiness.check()
        return await write_metrics(request)

    async def show_life(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def show_readiness(request: web.Request) -> web.Response:
        missing = await readiness.check()
        return web.json_response({"missing": missing}, status=503 if missing else 200)

    app = web.Application()
    app.router.add_get("/metrics", show_metrics)
    app.router.add_get("/healthz", show_life)
    app.router.add_get("/readyz", show_readiness)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address, port).start()
        except OSError as error:
            raise PortUnusable(
                f"Can't listen on {address}:{port} ({error.strerror}): choose another METRICS_PORT or METRICS_ADDRESS."
            ) from error
        yield
    finally:
        await runner.cleanup()
