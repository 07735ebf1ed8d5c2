"""Rate limits of the REST API, with Discord's headers and 429 responses.

Discord doesn't document limits per route; these are the values bots see in its headers.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from playground.rest.exchange import json_response
from playground.world.clock import Clock


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in a window of `seconds` that opens with the first one."""

    requests: int
    seconds: float


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_REACTION = _MESSAGE + "/reactions/{emoji_name}"
_HOOK = "/webhooks/{application_id}/{token}"
#: (method, route) → bucket and limit; each channel and each interaction is counted separately
_BUCKETS: dict[tuple[str, str], tuple[str, Limit]] = {
    ("POST", "/channels/{channel_id}/messages"): ("send", Limit(5, 5.0)),
    ("PATCH", _MESSAGE): ("edit", Limit(5, 5.0)),
    ("DELETE", _MESSAGE): ("delete", Limit(5, 1.0)),
    ("PUT", f"{_REACTION}/@me"): ("react", Limit(1, 0.25)),
    ("DELETE", f"{_REACTION}/@me"): ("react", Limit(1, 0.25)),
    ("POST", _HOOK): ("hook", Limit(5, 2.0)),
    ("PATCH", f"{_HOOK}/messages/@original"): ("hook", Limit(5, 2.0)),
    ("PATCH", f"{_HOOK}/messages/{{message_id}}"): ("hook", Limit(5, 2.0)),
}
_EVERYTHING = Limit(50, 1.0)
_INTERACTIONS = ("/interactions/", "/webhooks/")  # exempt from the global limit


class RateLimits:
    """One bot's buckets. Unless enforced, nothing is counted and responses carry no rate limit headers."""

    def __init__(self, clock: Clock, *, enforced: bool) -> None:
        self._clock = clock
        self.enforced = enforced
        self._windows: dict[tuple[str, str], _Window] = {}

    def refuse(self, method: str, route: str, ids: dict[str, str]) -> web.Response | None:
        """Count a request and return a 429 if it exceeds a limit."""
        if not self.enforced:
            return None
        if not route.startswith(_INTERACTIONS):
            window = self._window(("global", ""), _EVERYTHING)
            if window.used >= _EVERYTHING.requests:
                return self._too_many(window, {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"})
            window.used += 1
        bucket = _BUCKETS.get((method, route))
        if bucket is None:
            return None
        window = self._window(_key(bucket[0], ids), bucket[1])
        if window.used >= bucket[1].requests:
            return self._too_many(window, {**self._headers(*bucket, window), "X-RateLimit-Scope": "user"})
        window.used += 1
        return None

    def headers(self, method: str, route: str, ids: dict[str, str]) -> dict[str, str]:
        """The rate limit headers for a response; empty for a route without a bucket."""
        bucket = _BUCKETS.get((method, route)) if self.enforced else None
        return {} if bucket is None else self._headers(*bucket, self._window(_key(bucket[0], ids), bucket[1]))

    def _window(self, key: tuple[str, str], limit: Limit) -> _Window:
        now = self._clock.now()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = self._windows[key] = _Window(now + limit.seconds)
        return window

    def _headers(self, name: str, limit: Limit, window: _Window) -> dict[str, str]:
        return {
            "X-RateLimit-Bucket": name,
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Reset": f"{window.ends:.3f}",
            "X-RateLimit-Remaining": str(limit.requests - window.used),
            "X-RateLimit-Reset-After": f"{window.ends - self._clock.now():.3f}",
        }

    def _too_many(self, window: _Window, headers: dict[str, str]) -> web.Response:
        return too_many(max(0.001, window.ends - self._clock.now()), headers)


def too_many(retry_after: float, headers: dict[str, str]) -> web.Response:
    """A 429 with the seconds to wait. Without `Via`, discord.py takes it for a ban by the proxy in front of Discord."""
    is_global = "X-RateLimit-Global" in headers
    body = {"message": "You are being rate limited.", "code": 0, "retry_after": retry_after, "global": is_global}
    response = json_response(body, 429)
    response.headers.update({"Via": "1.1 playground", "Retry-After": f"{retry_after:g}", **headers})
    return response


def _key(name: str, ids: dict[str, str]) -> tuple[str, str]:
    return name, ids.get("channel_id") or ids.get("token") or ""
