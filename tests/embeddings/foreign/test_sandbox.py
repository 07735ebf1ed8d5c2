"""The process that takes files apart can do nothing else, and is believed nothing."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embeddings.errors import RefusedFile
from embeddings.foreign import sandbox
from embeddings.foreign.sandbox import MAX_ANSWER_BYTES, unpack_apart
from embeddings.foreign.unpacker import MAX_INPUT_BYTES
from embeddings.tensors import RawTensor, pack
from tests.embeddings.files import rows
from tests.embeddings.foreign.builders import a1111_pt

ROOT = str(Path(__file__).parents[3])
FORBIDDEN = 77
START = "import sys; sys.path.append(sys.argv[1]); "


def run_sealed(code: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run `code` in a process that has given everything up, as the sandbox starts it."""
    sealed = (
        "import os, socket, subprocess, time; from embeddings.foreign import unpacker; unpacker.give_up_everything()"
    )
    command = [*sandbox._COMMAND[:-2], f"{START}{sealed}\n{code}", ROOT]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False, cwd="/", env={})


def test_what_is_allowed_works() -> None:
    ran = run_sealed("os.write(1, bytes(reversed(sys.stdin.buffer.read())))", b"abc")
    assert (ran.returncode, ran.stdout) == (0, b"cba")


@pytest.mark.parametrize(
    "act",
    [
        "open('/etc/hostname')",
        "open('{left}', 'w')",
        "os.open('/etc/hostname', os.O_RDONLY)",
        "os.system('touch {left}')",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {{}})",
        "subprocess.Popen(['touch', '{left}'])",
        "os.remove('{keep}')",
        "os.rename('{keep}', '{left}')",
        "os.listdir('/')",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 80)",
        "import pickle",
        "__import__('ctypes')",
        "eval('1')",
        "exec('1')",
        "compile('1', '', 'eval')",
        "resource = sys.modules['resource']; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
        "sys.addaudithook(print)",
    ],
)
def test_every_other_act_ends_the_process(act: str, tmp_path: Path) -> None:
    left, keep = tmp_path / "left", tmp_path / "keep"
    keep.write_bytes(b"")
    assert run_sealed(act.format(left=left, keep=keep)).returncode == FORBIDDEN
    assert keep.exists()
    assert not left.exists()


def test_memory_is_limited() -> None:
    ran = run_sealed("try:\n bytes(600 << 20)\nexcept MemoryError:\n os.write(1, b'refused')")
    assert ran.stdout == b"refused"


def test_the_processor_is_limited() -> None:
    begun = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert run_sealed("while True: pass").returncode < 0
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begun < 5


def test_files_are_limited_below_python_too() -> None:
    code = """resource = sys.modules['resource']
for kind in resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE:
    print(resource.getrlimit(kind))
"""
    assert run_sealed(code).stdout.decode().split("\n")[:3] == ["(0, 0)", "(0, 0)", "(3, 3)"]


def test_it_knows_nothing_but_the_standard_library() -> None:
    code = f"{START}import embeddings.foreign.unpacker; print(*sys.modules)"
    command = [*sandbox._COMMAND[:-2], code, ROOT]
    modules = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env={}).stdout.split()
    assert not {"pickle", "_pickle", "numpy", "torch", "safetensors", "pydantic", "site"} & set(modules)


def child(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Put another program in the place of ours: what if it were taken over?"""
    start = "import os, sys, time; os.write(1, b'\\n'); "
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-I", "-S", "-c", start + code))


NEEDS_MORE = "Taking it apart needs more time or memory than any embedding should."


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("time.sleep(60)", NEEDS_MORE),
        ("sys.stdin.buffer.read(); time.sleep(60)", NEEDS_MORE),
        ("sys.exit(1)", NEEDS_MORE),
        ("sys.stdin.buffer.read(); print('{')", NEEDS_MORE),
        ("sys.stdin.buffer.read(); print('[' * 100_000)", NEEDS_MORE),
        ("sys.stdin.buffer.read(); print('{\"layout\": 1}')", NEEDS_MORE),
        ("sys.stdin.buffer.read()\nwhile True: os.write(1, b'x' * 65536)", NEEDS_MORE),
        ('sys.stdin.buffer.read(); print(\'{"refused": "a\\\\u001b[31m"}\')', "a\N{REPLACEMENT CHARACTER}[31m"),
    ],
)
def test_a_process_that_goes_wrong_is_ended_and_its_words_are_weighed(
    code: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    child(monkeypatch, code)
    begun = time.monotonic()
    with pytest.raises(RefusedFile) as refused:
        unpack_apart(bytes(1_000_000), seconds=1.0)
    assert str(refused.value) == sentence
    assert time.monotonic() - begun < 10


def test_a_process_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-I", "-S", "-c", "pass"))
    with pytest.raises(RefusedFile, match="no process could be started for it"):
        unpack_apart(b"x")


def test_the_process_is_given_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    child(monkeypatch, "import json; print(json.dumps({'refused': ' '.join(os.environ) + os.getcwd() + '.'}))")
    with pytest.raises(RefusedFile) as refused:
        unpack_apart(b"")
    assert "DISCORD_TOKEN" not in str(refused.value)
    assert str(refused.value).endswith("/.")


def test_what_is_too_large_is_not_even_sent() -> None:
    begun = time.monotonic()
    with pytest.raises(RefusedFile, match="has 8,388,609 bytes"):
        unpack_apart(bytes(MAX_INPUT_BYTES + 1))
    assert time.monotonic() - begun < 0.05


def test_an_answer_holds_the_vectors_byte_for_byte() -> None:
    answer = unpack_apart(a1111_pt(rows(75), "F16"))
    tensor = RawTensor("F16", (75, 768), rows(75).astype("<f2").tobytes())
    assert answer.data == pack({"emb_params": tensor}, {})
    assert len(answer.data) % 8 == 0
    assert len(answer.data) < MAX_ANSWER_BYTES
    assert json.loads(answer.data[8:].split(b"}}")[0] + b"}}")["emb_params"]["shape"] == [75, 768]
