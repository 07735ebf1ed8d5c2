"""Child processes that don't outlive the bot, however it dies."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable

_SET_PARENT_DEATH_SIGNAL = 1
# looked up here, since a child may not load libraries between fork and exec
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def death_signal(number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel signals the child when the thread that started it ends. Does nothing outside Linux."""

    def set_death_signal() -> None:
        if _prctl is not None:
            _prctl(_SET_PARENT_DEATH_SIGNAL, int(number))

    return set_death_signal
