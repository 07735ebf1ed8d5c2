"""python -m embeddings convert."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.conversion import convert_bytes
from tests.embeddings.conftest import Put
from tests.embeddings.files import pair, rows
from tests.embeddings.foreign.builders import (
    a1111_pt,
    program,
    text,
    torch_zip,
)

SD1, XL = rows(3), pair(3)

REPOSITORY = Path(__file__).parents[2]


def convert(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "embeddings", "convert", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line_converts(put: Put, tmp_path: Path) -> None:
    source = put("bad things (1).pt", a1111_pt(SD1))
    target = tmp_path / "bad-things.safetensors"
    ran = convert(source, target)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "bad-things.safetensors: sd1, 3 vectors, from A1111 (string_to_param), torch file\n"
    assert target.read_bytes() == convert_bytes(source.read_bytes(), target.name).data
    facts = json.loads(
        subprocess.run(
            [sys.executable, "-m", "embeddings", "inspect", str(target), "--json"],
            cwd=REPOSITORY,
            capture_output=True,
            timeout=60,
            check=True,
        ).stdout
    )
    assert facts["metadata"]["source.sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert facts["warnings"] == []


@pytest.mark.parametrize(
    ("source", "target", "line"),
    [
        ("none.pt", "a.safetensors", "none.pt: No such file or directory"),
        ("bad.pt", "a.pt", "a.pt: The file to write must end in .safetensors."),
        ("bad.pt", "there.safetensors", "there.safetensors: There is such a file already; please choose another name."),
        ("bad.pt", "b\u0430d.safetensors", "bad.pt: Its name mixes Latin and Cyrillic letters"),
        ("evil.pt", "a.safetensors", "evil.pt: It asks for 'os.system'"),
        (".", "a.safetensors", ": It is a folder or a device, not a file."),
    ],
)
def test_the_command_line_refuses_in_one_line(put: Put, tmp_path: Path, source: str, target: str, line: str) -> None:
    put("bad.pt", a1111_pt(SD1))
    put("evil.pt", torch_zip(program(b"cos\nsystem\n" + text("touch evil") + b"\x85R")))
    before = put("there.safetensors").read_bytes()
    ran = convert(tmp_path / source, tmp_path / target)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert line in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert (tmp_path / "there.safetensors").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.pt", "evil.pt", "there.safetensors"]
