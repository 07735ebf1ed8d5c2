"""Parse an untrusted file in a sandboxed process, and check everything that comes back.

The code that reads pickles and pictures (`unpacker.py`) can't execute what they contain. If that code has a flaw, the
damage stays in a process without files, network or imports, with little memory and two seconds to live; and what it
returns is read by the ordinary reader like any other file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.foreign.unpacker import MAX_INPUT_BYTES, READY

START_SECONDS = 20.0  # on a machine that is busy rendering
WORK_SECONDS = 2.0
#: limit on what comes back: a line of JSON, and a safetensors file
MAX_ANSWER_BYTES = 5 * 1024 * 1024
_MAX_LINE_BYTES = 16 * 1024
_MAX_SENTENCE = 300

_ROOT = str(Path(__file__).parents[2])
#: -I and -S: no environment variables, no working folder, no installed packages
_COMMAND = (
    sys.executable,
    "-I",
    "-S",
    "-B",
    "-c",
    "import sys; sys.path.append(sys.argv[1]); from embeddings.foreign.unpacker import main; main()",
    _ROOT,
)


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """What came back: a safetensors file that is still to be checked, and what the source says about itself."""

    data: bytes = field(repr=False)
    #: kind of file the vectors were extracted from; empty if that was a safetensors file already
    container: str = ""
    #: the source's layout, if the tensors' names no longer show it
    layout: str | None = None
    hints: Mapping[str, str] = field(default_factory=dict)


def unpack_in_sandbox(data: bytes, *, seconds: float = WORK_SECONDS) -> SandboxResult:
    """Extract the token vectors from a torch file or a picture. Takes about 0.1 s; call it in a thread.

    Raises: RefusedFile, also if it takes more than `seconds` or more memory than an embedding needs.
    """
    if len(data) > MAX_INPUT_BYTES:
        raise RefusedFile(f"This file has {len(data):,} bytes; an embedding has at most {MAX_INPUT_BYTES:,}.")
    # an empty environment, so that it never sees this process's tokens, and a working folder that holds nothing of ours
    with subprocess.Popen(
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={}
    ) as process:
        try:
            return _parse(_ask(process, data, seconds))
        finally:
            process.kill()


def _ask(process: subprocess.Popen[bytes], data: bytes, seconds: float) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    with _killed_after(START_SECONDS, process):
        if process.stdout.read(len(READY)) != READY:
            raise RefusedFile(
                "This file couldn't be checked, because the sandbox didn't start; please tell the operator."
            )
    with _killed_after(seconds, process):
        try:
            process.stdin.write(data)
            process.stdin.close()
        except BrokenPipeError:  # the process ended or was killed
            return b""
        return process.stdout.read(MAX_ANSWER_BYTES + 1)


@contextmanager
def _killed_after(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[None]:
    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _parse(raw: bytes) -> SandboxResult:
    line, _, data = raw.partition(b"\n")
    try:
        is_small = len(line) <= _MAX_LINE_BYTES and len(raw) <= MAX_ANSWER_BYTES
        facts = json.loads(line.decode("utf-8")) if is_small else None
    except (ValueError, RecursionError):
        facts = None
    match facts:
        case {"refused": str(sentence)}:
            raise RefusedFile(printable(sentence, _MAX_SENTENCE))
        case {"container": str(container), "layout": layout, "hints": dict(hints)}:
            said = {printable(str(hint)): printable(str(value), _MAX_SENTENCE) for hint, value in hints.items()}
            layout = printable(layout) if isinstance(layout, str) else None
            return SandboxResult(data, printable(container), layout, said)
    raise RefusedFile("This file needs more time or memory than any embedding, so it wasn't read.")
