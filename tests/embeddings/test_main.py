"""`python -m embeddings inspect` and `convert`, run as users and other programs run them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.conversion import convert_bytes
from tests.builders import DEMO_EMBEDDINGS, REPOSITORY
from tests.embeddings.conftest import Put
from tests.embeddings.files import pair, rows, tensor_file
from tests.embeddings.foreign.builders import a1111_pt, program, text, torch_zip
from tests.sentences.embeddings import ASKS_FOR_OS_SYSTEM, EMPTY, LORA, MIXED_ALPHABETS, OTHER_FILE_OF_EASYNEGATIVE


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "embeddings", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def inspect(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run("inspect", path, *options)


def facts_of(path: Path) -> dict:
    done = inspect(path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_inspect_prints_one_json_object(put: Put) -> None:
    path = put("unaesthetic.safetensors", tensor_file(pair(8), dtype="F16", metadata={"modelspec.title": "Übel"}))
    done = inspect(path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert {key: facts[key] for key in facts if not key.endswith("hash")} == {
        "file": "unaesthetic.safetensors",
        "format": "SDXL (clip_l + clip_g)",
        "architecture": "sdxl",
        "vectors": 8,
        "widths": {"clip_l": 768, "clip_g": 1280},
        "dtype": "F16",
        "size_bytes": path.stat().st_size,
        "catalog": None,
        "metadata": {"modelspec.title": "Übel"},
        "warnings": [],
    }
    assert len(facts["content_hash"]) == len(facts["file_hash"]) == 64


def test_inspect_prints_a_table(put: Put) -> None:
    # words in square brackets come from the file and must not be taken for rich's markup
    done = inspect(put("bad.safetensors", tensor_file({"[/bold]": rows(3)}, metadata={"a": "[red]x[/]"})))
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.strip()[:14].strip(): line.strip()[14:].strip() for line in done.stdout.splitlines()}
    assert lines["architecture"] == "sd1"
    assert lines["vectors"] == "3"
    assert lines["format"] == "diffusers (token '[/bold]')"
    assert lines["metadata"] == "{'a': '[red]x[/]'}"


def test_inspect_describes_a_torch_file(put: Put) -> None:
    assert facts_of(put("a.pt", a1111_pt(rows(3))))["format"] == "A1111 (string_to_param), torch file"


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("empty.safetensors", b"", f"empty.safetensors: {EMPTY}"),
        ("a.safetensors", tensor_file({"lora_te.alpha": rows()}), f"a.safetensors: {LORA}"),
        ("old.pt", b"\x80\x02.", "old.pt: This file's pickle is damaged; please download it again."),
        (None, None, "none.safetensors: No such file or directory"),
    ],
)
def test_inspect_refuses_in_one_line(put: Put, tmp_path: Path, name: str | None, data: bytes | None, line: str) -> None:
    done = inspect(put(name, data) if name else tmp_path / "none.safetensors", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{line}\n"


def test_inspect_recognises_a_shipped_file_but_not_one_that_only_has_its_name(put: Put, tmp_path: Path) -> None:
    shipped = next(iter(sorted(DEMO_EMBEDDINGS.glob("*.safetensors"))))
    assert facts_of(shipped)["catalog"] == shipped.stem
    renamed = tmp_path / "demo-renamed.safetensors"
    shutil.copy(shipped, renamed)
    assert facts_of(renamed)["catalog"] is None
    facts = facts_of(put("EasyNegative.safetensors"))
    assert facts["catalog"] is None
    assert facts["warnings"] == [OTHER_FILE_OF_EASYNEGATIVE]


def test_convert_writes_a_file_that_records_its_source(put: Put, tmp_path: Path) -> None:
    source = put("bad things (1).pt", a1111_pt(rows(3)))
    target = tmp_path / "bad-things.safetensors"
    done = run("convert", source, target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "bad-things.safetensors: sd1, 3 vectors, from A1111 (string_to_param), torch file\n"
    assert target.read_bytes() == convert_bytes(source.read_bytes(), target.name).data
    facts = facts_of(target)
    assert facts["metadata"]["source.sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert facts["warnings"] == []


@pytest.mark.parametrize(
    ("source", "target", "line"),
    [
        ("none.pt", "a.safetensors", "none.pt: No such file or directory"),
        ("bad.pt", "a.pt", "a.pt: The output file must end in .safetensors."),
        ("bad.pt", "there.safetensors", "there.safetensors: This file already exists; choose another name."),
        ("bad.pt", "b\u0430d.safetensors", f"bad.pt: {MIXED_ALPHABETS}"),
        ("evil.pt", "a.safetensors", f"evil.pt: {ASKS_FOR_OS_SYSTEM}"),
        (".", "a.safetensors", ": This is a folder or a device, not a file."),
    ],
)
def test_convert_refuses_in_one_line_and_writes_nothing(
    put: Put, tmp_path: Path, source: str, target: str, line: str
) -> None:
    put("bad.pt", a1111_pt(rows(3)))
    put("evil.pt", torch_zip(program(b"cos\nsystem\n" + text("touch evil") + b"\x85R")))
    before = put("there.safetensors").read_bytes()
    done = run("convert", tmp_path / source, tmp_path / target)
    assert (done.returncode, done.stdout) == (2, "")
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "there.safetensors").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.pt", "evil.pt", "there.safetensors"]
