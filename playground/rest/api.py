"""The REST API: what surrounds every route, and the routes that need the bot's token."""

from __future__ import annotations

from aiohttp import web

from playground.errors import ApiError
from playground.rest.commands import CommandRoutes
from playground.rest.exchange import BODY, DATA, IS_MULTIPART, Exchange, Handler, Log, error_response
from playground.rest.faults import Faults, apply_after, apply_before
from playground.rest.guilds import GuildRoutes
from playground.rest.limits import RateLimits
from playground.rest.messages import MessageRoutes
from playground.rest.users import UserRoutes
from playground.world import World

API = "/api/v10"


class Rest:
    """Routes that a bot of this kind calls; any other gets a 404 that names it. Those for interactions are in `webhooks`."""

    def __init__(self, world: World, faults: Faults, limits: RateLimits, log: Log) -> None:
        self._world = world
        self._faults = faults
        self._limits = limits
        self._log = log

    def add_routes(self, app: web.Application) -> None:
        for group in (UserRoutes, GuildRoutes, CommandRoutes, MessageRoutes):
            for method, path, handler in group(self._world).routes():
                app.router.add_route(method, API + path, self._as_bot(handler))

    def _as_bot(self, handler: Handler) -> Handler:
        """Require the bot's token."""

        async def checked(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != f"Bot {self._world.token}":
                raise ApiError(401, 0, "401: Unauthorized")
            return await handler(request)

        return checked

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Wrap every API route with faults, rate limits, error responses and the log."""
        if not request.path.startswith("/api/"):
            return await handler(request)
        path, resource = request.path.removeprefix(API), request.match_info.route.resource
        route = resource.canonical.removeprefix(API) if resource else path
        place = request.method, route, dict(request.match_info)
        fault = await self._faults.choose(request, path)
        response = await apply_before(fault, request) if fault else None
        if response is None:
            if fault is not None and fault.repeats:
                await self._respond(request, handler)
            response = self._limits.refuse(*place) or await self._respond(request, handler)
            response.headers.update(self._limits.headers(*place))
            response.headers["Date"] = self._world.clock.http_date()
            if fault is not None:
                apply_after(fault, request)
        self._log.append(
            Exchange(
                request.method,
                route,
                path,
                response.status,
                request.get(BODY),
                response.get(DATA),
                request.get(IS_MULTIPART, False),
            )
        )
        return response

    async def _respond(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            return error_response(error)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            return error_response(
                ApiError(404, 0, f"404: Not Found ({request.method} {request.path} is not implemented)")
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # JSON of an unexpected shape
            return error_response(ApiError(400, 50035, f"Invalid Form Body: {error}"))
