"""A real lack of memory: the kernel refuses more to a process, as it does on a full machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

if sys.platform == "linux":
    import resource

#: bytes that the engine may still allocate: enough for Python itself, too few for any picture or weights
ROOM = 16 * 1024**2

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit another process's memory")


@contextmanager
def limited_memory(pid: int) -> Iterator[None]:
    """Within this context, the process can allocate at most ROOM bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, before)
