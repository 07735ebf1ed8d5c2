"""python -m bot try: a script of people's actions, the bot killed in the middle of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

EMBEDDINGS = Path(__file__).parents[2] / "demo" / "embeddings"
SCRIPT = """\
# a manager saves a preset, another member draws with it
ana: /preset save name:clean embedding1:demo-watermark embedding2:demo-washed-out negative:low quality steps:6
ben: /imagine prompt:a red fish in the sea preset:clean seed:7
ben: autocomplete /imagine model:demo embedding1:wash
ben: /imagine prompt:a fish embedding1:EasyNegative
ben: /imagine prompt:a fish preset:clean embedding1:demo-tinted embedding2:demo-artifacts
ben: react 🔁
ana: click Reroll
ben: /imagine steps:4
ben: submit Prompt: a heart in the snow; Negative embeddings: demo-tinted
restart
ben: react 🔁
"""


def run_try(script: str, out: Path) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, a line for each action, and what stood on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "try", "-", "--out", str(out)], input=script, capture_output=True, text=True,
        timeout=170, check=False,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_day_in_a_server(tmp_path: Path) -> None:
    code, lines, errors = run_try(SCRIPT, tmp_path)
    assert code == 0, errors
    assert all(line["ok"] for line in lines)
    saved, drawn, offered, foreign, four, reacted, clicked, form, submitted, restarted, after = lines

    def content(line: dict[str, Any]) -> str:
        (message,) = line["messages"]
        return message["content"]

    assert saved["messages"][0]["ephemeral"]
    assert "Negative: `demo-watermark` + `demo-washed-out` + low quality" in content(drawn)
    assert offered["choices"][0]["value"] == "demo-washed-out"
    assert "EasyNegative was trained for SD 1.5 (768 wide) and cannot work with Demo" in content(foreign)
    assert "These fit Demo: demo-artifacts, demo-watermark, demo-washed-out." in content(foreign)
    assert "That makes 4 embeddings" in content(four)
    assert reacted["messages"][0]["reply_to"] == drawn["messages"][0]["id"]
    assert form["modal"]["fields"] == ["Prompt", "Negative prompt", "Negative embeddings"]
    assert "a heart in the snow" in content(submitted)
    assert restarted == {"action": "restart", "person": None, "ok": True}
    assert after["messages"][0]["reply_to"] == submitted["messages"][0]["id"]
    assert "`demo-tinted`" in content(after)
    for line in (drawn, reacted, clicked, submitted, after):
        (attachment,) = line["messages"][0]["attachments"]
        assert Path(attachment["path"]).parent == tmp_path
        assert Image.open(attachment["path"]).size == (384, 384)
        assert attachment["description"]


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
def test_a_picture_is_identified_and_drawn_again(tmp_path: Path) -> None:
    embedding = EMBEDDINGS / "demo-tinted.safetensors"
    code, lines, errors = run_try(IDENTIFYING.format(embedding=os.path.relpath(embedding)), tmp_path)
    assert code == 1, errors
    _, menu, rerolled, form, submitted, identified, again, no_field, drawn, none_open, own, no_entry, words, file = (
        lines
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
        part in said for part in ("a blue fish", "`demo-tinted` + `demo-artifacts:0.8` + blurry", "4 steps", "Seed: 9")
    )
    assert "a blue fish" in identified["messages"][0]["content"]
    assert again["modal"]["values"]["Prompt"] == "a blue fish"
    assert "no field 'Colour': it has Prompt, Negative prompt" in no_field["error"]
    first, second = (line["messages"][0]["attachments"][0]["path"] for line in (submitted, drawn))
    assert first != second
    assert Path(first).read_bytes() == Path(second).read_bytes()
    assert none_open["error"] == "No form is open."
    assert own["ok"]  # ben's own card has that button, and ana's is not for him to see
    assert no_entry["error"] == "A message's Apps menu has no 'Describe picture'. Available: Identify picture."
    assert "**@picture**" in words["messages"][0]["content"]
    assert "demo-tinted" in file["messages"][0]["content"]


#: action → what its line says instead of an answer
UNANSWERED = {
    "ana: click Reroll": "There is no picture here yet.",
    "ana: menu Identify picture": "There is no picture here yet.",
    "ana: /identify picture:@picture": "There is no picture here yet.",
    "ana: /identify picture:fish.png": "picture takes a file: write picture:@picture for the newest picture, or",
    "ana: /identify picture:@no/where.png": "There is no file 'no/where.png' to give as picture.",
    "ana: /imagin prompt:a fish": "There is no command /imagin",
    "ana: /imagine fish": "'fish' doesn't belong to any option.",
}


def test_actions_without_an_answer_fail_and_the_others_go_on(tmp_path: Path) -> None:
    code, lines, _ = run_try("\n".join(UNANSWERED), tmp_path)
    assert code == 1
    for line, said in zip(lines, UNANSWERED.values(), strict=True):
        assert not line["ok"]
        assert said in line["error"]


def test_a_script_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    code, lines, errors = run_try("ana dances", tmp_path)
    assert (code, lines) == (2, [])
    assert errors.strip() == "line 1: 'ana dances' names nobody; write 'ana: /imagine prompt:a red fish'"
