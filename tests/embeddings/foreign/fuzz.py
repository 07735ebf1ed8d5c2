"""Fuzz everything that reads untrusted files, guided by coverage.

    pip install atheris                                    # optional, for coverage guidance; Python 3.11, Linux, x86-64
    python -m tests.embeddings.foreign.fuzz --seconds 300          # with atheris if it is installed, else random mutation
    python -m tests.embeddings.foreign.fuzz --seconds 60 --random  # random mutation in any case

Every case must give a valid embedding or a refusal, use less than 2 s of CPU time, and open, import, compile, start or
connect to nothing, which an audit hook checks. The first case that fails is written to fuzz-failure.bin in the working
folder, and the run ends with its traceback. At the end, the number of cases is printed.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import base64
import contextlib
import importlib.util
import json
import os
import random
import re
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

ACCEPTED = "accepted"
SECONDS = 2.0
MAX_BYTES = 16 * 1024
#: audit events that may happen while a file is read; any other is a failure
_HARMLESS = ("object.", "sys._getframe", "sys.unraisablehook", "gc.", "builtins.id", "cpython.", "ctypes.", "code.")

_watching = False


class Executed(BaseException):
    """The file made Python do something. A BaseException, so that no `except Exception` can hide it."""


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and not event.startswith(_HARMLESS):
        raise Executed(f"{event} {arguments!r:.200}")


def _late(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"a case took more than {SECONDS} s")


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Inside, any forbidden audit event and any timeout raises."""
    global _watching
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    _watching = True
    try:
        yield
    finally:
        _watching = False
        signal.setitimer(signal.ITIMER_PROF, 0)


def check(data: bytes) -> str:
    """Read `data` as the command line and the bot do, but in this process. Returns the reason for a refusal, or ACCEPTED."""
    from embeddings.conversion import looks_like_safetensors, read_result
    from embeddings.errors import RefusedFile
    from embeddings.foreign.sandbox import SandboxResult, _parse
    from embeddings.foreign.unpacker import answer
    from embeddings.writer import file_bytes

    try:
        # what the sandboxed process would answer, and what is made of its answer
        result = SandboxResult(data) if looks_like_safetensors(data) else _parse(answer(data))
        embedding = read_result(result)
    except RefusedFile as refused:
        reason = str(refused)
        assert reason.endswith("."), reason
        assert reason.isprintable(), reason
        return reason
    facts = embedding.architecture.facts
    shapes = {encoder: rows.shape for encoder, rows in embedding.vectors.items()}
    assert shapes == {encoder: (embedding.num_vectors, width) for encoder, width in facts.encoders.items()}
    assert embedding.layout.isprintable()
    again = read_result(SandboxResult(file_bytes(embedding, title="a", provenance={})))
    assert again.content_hash == embedding.content_hash
    return ACCEPTED


def cases(data: bytes) -> bytes:
    """Wrap the bytes in a valid container, chosen by the first byte, so that cases get past checksums and lengths."""
    from tests.embeddings.files import pack, rows
    from tests.embeddings.foreign.builders import png, torch_legacy, torch_zip, zip_of

    if not data:
        return data
    kind, rest = data[0] % 8, data[1:]
    values = rows(2, 96).tobytes()
    match kind:
        case 0:
            return rest
        case 1:
            return torch_zip(rest, {"0": values, "1": values})
        case 2:
            return torch_legacy(rest, {"0": (192, values)})
        case 3:
            return png([(b"tEXt", b"sd-ti-embedding\0" + base64.b64encode(rest))])
        case 4:
            return png([(b"iTXt", rest)])
        case 5:
            return pack(b"{" + rest[:-768], rest[-768:])
        case 6:
            return struct.pack("<Q", len(rest)) + rest + values
    middle = len(rest) // 2
    member = rest[:32].split(b"\0")[0].decode("latin-1") or "a"
    return zip_of([("archive/data.pkl", rest[:middle]), (member, rest[middle:])])


def seeds() -> list[bytes]:
    """Small valid files of every kind, in the form that `cases` expects."""
    from tests.embeddings.files import pair, rows, tensor_file
    from tests.embeddings.foreign.builders import (
        a1111_png,
        a1111_pt,
        a1111_tree,
        parameter_dict,
        program,
        table,
        table_pt,
        tensor,
        text,
        whole,
    )
    from tests.embeddings.foreign.canaries import ELSEWHERE, LIVE

    small = rows(2, 96)
    vector = tensor("F32", [2, 96])
    trees = [
        table({"emb_params": vector}),
        table({"<bad>": tensor("F16", [192], numel=384)}),
        table({"string_to_param": table({"*": vector}), "name": text("bad"), "step": whole(5)}),
        table({"string_to_param": parameter_dict({"*": vector}), "string_to_token": table({"*": whole(265)})}),
        table({"clip_l": vector, "clip_g": tensor("F32", [2, 96], key="1")}),
    ]
    old = table({"emb_params": tensor("F32", [2, 96], legacy=True)})
    files = [
        tensor_file({"emb_params": small}, metadata={"modelspec.title": "bad"}),
        tensor_file(pair(1), dtype="F16"),
        a1111_pt(small),
        a1111_png(a1111_tree(small)),
        table_pt({"<bad>": small}, "BF16"),
        table_pt({"<bad>": small}, legacy=True),
    ]
    bombs = [*ELSEWHERE.values(), *(canary("true", "pass") for canary in LIVE.values())]
    found = [b"\0" + file for file in files]
    found += [b"\1" + program(tree) for tree in trees] + [b"\1" + bomb for bomb in bombs]
    found += [b"\2" + program(old), b"\3" + json.dumps(a1111_tree(small)).encode()]
    found += [
        b"\4sd-ti-embedding\0\0\0\0\0e30=",
        b"\5" + files[0][9:],
        b"\6" + files[0][8:],
        b"\7" + program(trees[0]) * 2,
    ]
    return [seed for seed in found if len(seed) <= MAX_BYTES]


class Run:
    """Counts the cases of a run and their outcomes, and saves the case that fails."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.started = time.monotonic()
        self.count = 0
        self.slowest = 0.0
        self.outcomes: Counter[str] = Counter()

    def case(self, data: bytes) -> None:
        made = cases(data)
        started = time.process_time()
        try:
            with watched():
                outcome = check(made)
        except BaseException:
            Path("fuzz-failure.bin").write_bytes(made)
            self.report()
            raise
        self.count += 1
        self.slowest = max(self.slowest, time.process_time() - started)
        # without names and numbers from the file, so that equal reasons are counted together
        self.outcomes[re.sub(r"(?<!\w)'.*'(?!\w)|[0-9][0-9,.e+]*|0x..", "…", outcome)] += 1
        if time.monotonic() > self.end:
            self.report()
            os._exit(0)

    def report(self) -> None:
        taken = time.monotonic() - self.started
        kinds = len(self.outcomes)
        print(
            f"{self.count:,} cases in {taken:.0f} s, {self.outcomes[ACCEPTED]:,} of them accepted, {kinds} different outcomes,"
        )
        print(f"slowest {self.slowest * 1000:.0f} ms", flush=True)


def mutate(seed: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """A seed with a few bytes changed, deleted, duplicated or taken from another seed."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        place, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 4, 16, 64))
        match chance.randrange(6):
            case 0:
                data[place : place + 1] = chance.randbytes(1)
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = data[place : place + length]
            case 3:
                other = chance.choice(others)
                start = chance.randrange(len(other) + 1)
                data[place:place] = other[start : start + length]
            case 4:
                data[place : place + 4] = chance.choice((b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", bytes(4)))
            case _:
                data[place:place] = chance.choice(
                    (b"R", b"b", b"Q", b"\x81", b"\x85", b"h\x01", b"q\x01", b"(", b"t", b"s")
                )
    return bytes(data[:MAX_BYTES])


def fuzz_randomly(run: Run, number: int) -> None:
    """Mutate the seeds forever."""
    chance, known = random.Random(number), seeds()
    for seed in known:
        run.case(seed)
    while True:
        run.case(mutate(chance.choice(known), known, chance))


def fuzz_guided(run: Run, number: int) -> None:
    """Let atheris search for inputs that reach new code."""
    atheris: Any = importlib.import_module("atheris")
    with tempfile.TemporaryDirectory() as corpus:
        for place, seed in enumerate(seeds()):
            (Path(corpus) / str(place)).write_bytes(seed)
        options = [f"-max_len={MAX_BYTES}", f"-seed={number}", "-timeout=30", "-print_final_stats=0", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, corpus], run.case)
        atheris.Fuzz()


def main() -> None:
    """Run until time is up or a case fails."""
    parser = argparse.ArgumentParser(description="Fuzz everything that reads untrusted files.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--random", action="store_true", help="random mutation, even if atheris is installed")
    options = parser.parse_args()
    with_atheris = not options.random and importlib.util.find_spec("atheris") is not None
    if with_atheris:
        atheris: Any = importlib.import_module("atheris")
        with atheris.instrument_imports(include=["embeddings", "zipfile"]):
            importlib.import_module("embeddings.conversion")
    check(b"")
    signal.signal(signal.SIGPROF, _late)
    run = Run(options.seconds)
    for seed in seeds():  # loads what is imported on first use, before the audit hook is added
        check(cases(seed))
    sys.addaudithook(_watch)
    print("guided by atheris" if with_atheris else "random mutation", flush=True)
    (fuzz_guided if with_atheris else fuzz_randomly)(run, options.seed)


if __name__ == "__main__":
    main()
