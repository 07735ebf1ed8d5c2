"""`python -m embeddings inspect`, run as people and other programs run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.embeddings.conftest import Put
from tests.embeddings.files import pair, rows, tensor_file

REPOSITORY = Path(__file__).parents[2]


def inspect(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "embeddings", "inspect", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_facts_of_a_file_come_as_one_json_object(put: Put) -> None:
    path = put("unaesthetic.safetensors", tensor_file(pair(8), dtype="F16", metadata={"modelspec.title": "Übel"}))
    ran = inspect(path, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    facts = json.loads(ran.stdout)
    assert ran.stdout.count("\n") == 1
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


def test_the_facts_of_a_file_come_as_a_table(put: Put) -> None:
    # words in square brackets are the file's own and no markup of ours
    ran = inspect(put("bad.safetensors", tensor_file({"[/bold]": rows(3)}, metadata={"a": "[red]x[/]"})))
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = {line.strip()[:14].strip(): line.strip()[14:].strip() for line in ran.stdout.splitlines()}
    assert lines["architecture"] == "sd1"
    assert lines["vectors"] == "3"
    assert lines["format"] == "diffusers (token '[/bold]')"
    assert lines["metadata"] == "{'a': '[red]x[/]'}"


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("empty.safetensors", b"", "empty.safetensors: The file is empty."),
        ("a.safetensors", tensor_file({"lora_te.alpha": rows()}), "a.safetensors: This is a LoRA, not an embedding."),
        ("old.pt", b"\x80\x02.", "old.pt: Its pickle is damaged."),
        (None, None, "none.safetensors: No such file or directory"),
    ],
)
def test_what_is_refused_is_refused_in_one_line(
    put: Put, tmp_path: Path, name: str | None, data: bytes | None, line: str
) -> None:
    ran = inspect(put(name, data) if name else tmp_path / "none.safetensors", "--json")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"{line}\n"


def test_a_shipped_file_is_recognised_and_one_that_only_bears_a_name_is_not(put: Put, tmp_path: Path) -> None:
    shipped = next(iter(sorted((REPOSITORY / "demo" / "embeddings").glob("*.safetensors"))))
    assert json.loads(inspect(shipped, "--json").stdout)["catalog"] == shipped.stem
    renamed = tmp_path / "demo-renamed.safetensors"
    shutil.copy(shipped, renamed)
    assert json.loads(inspect(renamed, "--json").stdout)["catalog"] is None
    facts = json.loads(inspect(put("EasyNegative.safetensors"), "--json").stdout)
    assert facts["catalog"] is None
    assert facts["warnings"] == ["It bears the name of 'EasyNegative', but its content is another."]
