"""A real lack of memory: the kernel refuses a process more than it has, as it would on a machine that is full."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

if sys.platform == "linux":
    import resource

#: bytes that the engine may still take: enough for Python's own needs, too few for any picture or weights worth the name
ROOM = 16 * 1024**2

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of another process")


@contextmanager
def short_of_memory(pid: int) -> Iterator[None]:
    """The process has ROOM left, and no more, inside the block."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, before)
