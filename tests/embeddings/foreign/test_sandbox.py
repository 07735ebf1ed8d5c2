"""The sandboxed process can do nothing but parse, and nothing it says is trusted."""

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
from embeddings.foreign.sandbox import MAX_ANSWER_BYTES, unpack_in_sandbox
from embeddings.foreign.unpacker import MAX_INPUT_BYTES
from embeddings.tensors import RawTensor, pack
from tests.embeddings.files import rows
from tests.embeddings.foreign.builders import a1111_pt
from tests.sentences.embeddings import NEEDS_TOO_MUCH

ROOT = str(Path(__file__).parents[3])
FORBIDDEN = 77
START = "import sys; sys.path.append(sys.argv[1]); "


def run_sandboxed(code: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run `code` in a process that has dropped its privileges, started like the sandbox's."""
    setup = "import os, socket, subprocess, time; from embeddings.foreign import unpacker; unpacker.drop_privileges()"
    command = [*sandbox._COMMAND[:-2], f"{START}{setup}\n{code}", ROOT]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False, cwd="/", env={})


def test_reading_and_writing_work() -> None:
    done = run_sandboxed("os.write(1, bytes(reversed(sys.stdin.buffer.read())))", b"abc")
    assert (done.returncode, done.stdout) == (0, b"cba")


@pytest.mark.parametrize(
    "act",
    [
        "open('/etc/hostname')",
        "open('{new}', 'w')",
        "os.open('/etc/hostname', os.O_RDONLY)",
        "os.system('touch {new}')",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {{}})",
        "subprocess.Popen(['touch', '{new}'])",
        "os.remove('{keep}')",
        "os.rename('{keep}', '{new}')",
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
def test_anything_else_ends_the_process(act: str, tmp_path: Path) -> None:
    new, keep = tmp_path / "new", tmp_path / "keep"
    keep.write_bytes(b"")
    assert run_sandboxed(act.format(new=new, keep=keep)).returncode == FORBIDDEN
    assert keep.exists()
    assert not new.exists()


def test_memory_is_limited() -> None:
    done = run_sandboxed("try:\n bytes(600 << 20)\nexcept MemoryError:\n os.write(1, b'refused')")
    assert done.stdout == b"refused"


def test_cpu_time_is_limited() -> None:
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert run_sandboxed("while True: pass").returncode < 0
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - started < 5


def test_the_operating_system_limits_files_too() -> None:
    code = """resource = sys.modules['resource']
for kind in resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE:
    print(resource.getrlimit(kind))
"""
    assert run_sandboxed(code).stdout.decode().split("\n")[:3] == ["(0, 0)", "(0, 0)", "(3, 3)"]


def test_it_imports_the_standard_library_alone() -> None:
    code = f"{START}import embeddings.foreign.unpacker; print(*sys.modules)"
    command = [*sandbox._COMMAND[:-2], code, ROOT]
    modules = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env={}).stdout.split()
    assert not {"pickle", "_pickle", "numpy", "torch", "safetensors", "pydantic", "site"} & set(modules)


def replace_child(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Run other code in the sandbox's place, as if an exploit had taken it over."""
    start = "import os, sys, time; os.write(1, b'\\n'); "
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-I", "-S", "-c", start + code))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("time.sleep(60)", NEEDS_TOO_MUCH),
        ("sys.stdin.buffer.read(); time.sleep(60)", NEEDS_TOO_MUCH),
        ("sys.exit(1)", NEEDS_TOO_MUCH),
        ("sys.stdin.buffer.read(); print('{')", NEEDS_TOO_MUCH),
        ("sys.stdin.buffer.read(); print('[' * 100_000)", NEEDS_TOO_MUCH),
        ("sys.stdin.buffer.read(); print('{\"layout\": 1}')", NEEDS_TOO_MUCH),
        ("sys.stdin.buffer.read()\nwhile True: os.write(1, b'x' * 65536)", NEEDS_TOO_MUCH),
        ('sys.stdin.buffer.read(); print(\'{"refused": "a\\\\u001b[31m"}\')', "a\N{REPLACEMENT CHARACTER}[31m"),
    ],
)
def test_a_process_that_misbehaves_is_ended_and_its_result_is_checked(
    code: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_child(monkeypatch, code)
    started = time.monotonic()
    with pytest.raises(RefusedFile) as refused:
        unpack_in_sandbox(bytes(1_000_000), seconds=1.0)
    assert str(refused.value) == sentence
    assert time.monotonic() - started < 10


def test_a_sandbox_that_doesnt_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-I", "-S", "-c", "pass"))
    with pytest.raises(RefusedFile, match="the sandbox didn't start"):
        unpack_in_sandbox(b"x")


def test_the_process_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    replace_child(monkeypatch, "import json; print(json.dumps({'refused': ' '.join(os.environ) + os.getcwd() + '.'}))")
    with pytest.raises(RefusedFile) as refused:
        unpack_in_sandbox(b"")
    assert "DISCORD_TOKEN" not in str(refused.value)
    assert str(refused.value).endswith("/.")


def test_a_file_that_is_too_large_is_refused_without_starting_a_process() -> None:
    started = time.monotonic()
    with pytest.raises(RefusedFile, match="has 8,388,609 bytes"):
        unpack_in_sandbox(bytes(MAX_INPUT_BYTES + 1))
    assert time.monotonic() - started < 0.05


def test_the_vectors_come_back_byte_for_byte() -> None:
    result = unpack_in_sandbox(a1111_pt(rows(75), "F16"))
    tensor = RawTensor("F16", (75, 768), rows(75).astype("<f2").tobytes())
    assert result.data == pack({"emb_params": tensor}, {})
    assert len(result.data) % 8 == 0
    assert len(result.data) < MAX_ANSWER_BYTES
    assert json.loads(result.data[8:].split(b"}}")[0] + b"}}")["emb_params"]["shape"] == [75, 768]
