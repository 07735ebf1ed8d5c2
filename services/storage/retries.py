"""Retrying through outages: the database may restart at any moment, the embedded one through its supervisor."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from tenacity import retry, retry_if_exception_type, stop_after_delay, stop_never, wait_exponential

from services.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")
#: something that runs a statement
Statement = Callable[P, Coroutine[Any, Any, T]]

#: seconds between tries: a restart takes a moment, a full disk takes longer
FIRST_PAUSE, LONGEST_PAUSE = 0.3, 5.0


def retry_while_unavailable(statement: Statement[P, T]) -> Statement[P, T]:
    """Try again until the database is back; for statements that are safe to run twice."""
    return _retrying(statement, None)


def retry_for(seconds: float, statement: Statement[P, T]) -> Statement[P, T]:
    """Like `retry_while_unavailable`, but gives up after some seconds and raises Unavailable."""
    return _retrying(statement, seconds)


def _retrying(statement: Statement[P, T], seconds: float | None) -> Statement[P, T]:
    return retry(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
        stop=stop_never if seconds is None else stop_after_delay(seconds),
        reraise=True,
    )(statement)
