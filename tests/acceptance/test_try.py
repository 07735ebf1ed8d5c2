"""python -m bot try, run as a child process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.local.script import parse_script

EMBEDDINGS = Path(__file__).parents[2] / "demo" / "embeddings"
TIMEOUT = 170.0  # seconds, less than pytest's, so that a script that hangs still names its action
A_DAY = """\
# a manager saves a preset, another member draws with it
ana: /preset save name:clean embedding1:demo-watermark embedding2:demo-washed-out negative:low quality steps:6
ben: /imagine prompt:a red fish in the sea preset:clean seed:7
ben: autocomplete /imagine model:demo embedding1:wash
ben: /imagine prompt:a fish embedding1:EasyNegative
ben: /imagine prompt:a fish preset:clean embedding1:demo-tinted embedding2:demo-artifacts
ben: react 🔁
ana: click Reroll
ben: /compose
ben: submit Prompt: a heart in the snow; Negative embeddings: demo-tinted
restart
ben: react 🔁
"""


@dataclass(frozen=True)
class Run:
    """What `try` printed. `code` is None if it was stopped after TIMEOUT."""

    script: str
    code: int | None
    lines: list[dict[str, Any]]
    errors: str

    def failures(self) -> str:
        """Each failed action with its error, and the first action that the run didn't get to."""
        found: list[str] = []
        for action, line in zip_longest(parse_script(self.script), self.lines):
            if line is None:
                reason = f"no result after {TIMEOUT:g} s" if self.code is None else f"no result, exit code {self.code}"
                return "\n".join([*found, f"line {action.line}: {action.text}\n    {reason}", self.errors])
            if not line["ok"]:
                found.append(f"line {action.line}: {action.text}\n    {line['error']}")
        return "\n".join(found)

    def failed_actions(self) -> list[str]:
        return [line["action"] for line in self.lines if not line["ok"]]


def run_try(script: str, out: Path) -> Run:
    command = [sys.executable, "-m", "bot", "try", "-", "--out", str(out)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            printed, errors = process.communicate(script, TIMEOUT)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # so that it stops its bot and database
            printed, errors = process.communicate()
            code = None
    return Run(script, code, [json.loads(line) for line in printed.splitlines()], errors)


def content(line: dict[str, Any]) -> str:
    """The text of an action's only message."""
    messages = line["messages"]
    assert len(messages) == 1, f"{line['action']}: {len(messages)} messages: {messages}"
    return messages[0]["content"]


def test_a_day_in_a_server(tmp_path: Path) -> None:
    run = run_try(A_DAY, tmp_path)
    assert not run.failures(), run.failures()
    assert run.code == 0, run.errors
    saved, drawn, offered, foreign, four, reacted, clicked, form, submitted, restarted, after = run.lines
    assert saved["messages"][0]["ephemeral"]
    assert "with `demo-watermark` + `demo-washed-out`; in words: low quality" in content(drawn)
    assert offered["choices"][0]["value"] == "demo-washed-out"
    assert "EasyNegative was trained for SD 1.5 and can't work with Demo" in content(foreign)
    assert "These fit Demo: demo-artifacts, demo-watermark, demo-washed-out." in content(foreign)
    assert "That's 4 embeddings" in content(four)
    assert reacted["messages"][0]["reply_to"] == drawn["messages"][0]["id"]
    assert form["modal"]["fields"] == ["Prompt", "Negative prompt", "Negative embeddings", "Settings"]
    assert "a heart in the snow" in content(submitted)
    assert restarted == {"action": "restart", "person": None, "ok": True}
    assert after["messages"][0]["reply_to"] == submitted["messages"][0]["id"]
    assert "`demo-tinted`" in content(after)
    for line in (drawn, reacted, clicked, submitted, after):
        (attachment,) = line["messages"][0]["attachments"]
        assert Path(attachment["path"]).parent == tmp_path, line["action"]
        with Image.open(attachment["path"]) as picture:
            assert picture.size == (384, 384), line["action"]
        assert attachment["description"], line["action"]


def test_a_failed_action_is_named_with_its_error() -> None:
    lines = [
        {"action": "ana: /imagine", "ok": True},
        {"action": "ben: react 🔁", "ok": False, "error": "no reroll came"},
    ]
    run = Run("# a comment\nana: /imagine\nben: react 🔁\nrestart\nana: click Reroll", 1, lines, "Traceback")
    assert run.failures().splitlines() == [
        "line 3: ben: react 🔁", "    no reroll came", "line 4: restart", "    no result, exit code 1", "Traceback",
    ]  # fmt: skip


IDENTIFYING = """\
ana: /imagine prompt:a red fish in the sea negative:blurry embedding1:demo-artifacts:0.8 seed:7 steps:5
ben: menu Identify picture
ana: click Reroll
ben: click Fill /imagine
ben: submit Prompt: a blue fish; Negative embeddings: demo-tinted, demo-artifacts:0.8; Settings: Steps: 4, Seed: 9
ana: /identify picture:@picture
ana: click Fill /imagine
ana: submit Colour: red
ana: submit
ana: submit
ben: click Fill /imagine
ana: menu Describe picture
ana: /imagine prompt:@picture steps:4
ana: /embedding install file:@{embedding}
"""


@pytest.mark.slow
def test_a_picture_is_identified_and_rendered_again(tmp_path: Path) -> None:
    embedding = EMBEDDINGS / "demo-tinted.safetensors"
    run = run_try(IDENTIFYING.format(embedding=os.path.relpath(embedding)), tmp_path)
    expected = ["ana: submit Colour: red", "ana: submit", "ana: menu Describe picture"]
    assert run.failed_actions() == expected, run.failures()
    assert run.code == 1, run.errors
    _, menu, rerolled, form, submitted, identified, again, no_field, drawn, none_open, own, no_entry, words, file = (
        run.lines
    )
    assert menu["messages"][0]["ephemeral"]
    assert menu["messages"][0]["buttons"] == ["Fill /imagine"]
    assert rerolled["messages"][0]["attachments"]
    assert form["modal"]["values"] == {
        "Prompt": "a red fish in the sea",
        "Negative prompt": "blurry",
        "Negative embeddings": ["demo-artifacts:0.8"],
        "Settings": "Steps: 5, Sampler: DPM++ 2M, CFG scale: 4, Seed: 7, Size: 64x64, Model: Demo",
    }
    said = submitted["messages"][0]["content"]
    assert all(
        part in said for part in ("a blue fish", "`demo-tinted` + `demo-artifacts:0.8`; in words: blurry", "seed 9 ·")
    )
    assert "a blue fish" in identified["messages"][0]["content"]
    assert again["modal"]["values"]["Prompt"] == "a blue fish"
    assert "no field 'Colour'. Its fields are: Prompt, Negative prompt" in no_field["error"]
    first, second = (line["messages"][0]["attachments"][0]["path"] for line in (submitted, drawn))
    assert first != second
    assert Path(first).read_bytes() == Path(second).read_bytes()
    assert none_open["error"] == "ana has no open form."
    assert own["ok"]  # the button is on ben's own card; he can't see ana's
    assert no_entry["error"] == "A message's Apps menu has no 'Describe picture'. Available: Identify picture."
    assert "**@picture**" in words["messages"][0]["content"]
    assert "demo-tinted" in file["messages"][0]["content"]


#: action → part of its error
FAILING = {
    "ana: click Reroll": "There is no picture in this channel yet",
    "ana: menu Identify picture": "There is no picture in this channel yet",
    "ana: /identify picture:@picture": "There is no picture in this channel yet",
    "ana: /identify picture:fish.png": "picture takes a file: write picture:@picture for the newest picture, or",
    "ana: /identify picture:@no/where.png": "There is no file 'no/where.png' for picture.",
    "ana: /imagin prompt:a fish": "There is no command /imagin",
    "ana: /imagine fish": "'fish' doesn't belong to any option.",
}


def test_failed_actions_dont_stop_the_script(tmp_path: Path) -> None:
    run = run_try("\n".join(FAILING), tmp_path)
    assert run.failed_actions() == list(FAILING), run.failures()
    assert run.code == 1
    for line, error in zip(run.lines, FAILING.values(), strict=True):
        assert error in line["error"]


def test_an_invalid_script_is_refused_before_anything_runs(tmp_path: Path) -> None:
    run = run_try("ana dances", tmp_path)
    assert (run.code, run.lines) == (2, [])
    assert (
        run.errors.strip()
        == "line 1: 'ana dances' doesn't start with a person; write 'ana: /imagine prompt:a red fish'"
    )
