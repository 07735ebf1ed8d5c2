"""Every word of the demo world is one token, with the same id in every process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from demo.tokenizer import build_tokenizer, known_words, save_tokenizer

REPOSITORY = Path(__file__).parents[2]
SHIPPED = REPOSITORY / "demo" / "checkpoint" / "tokenizer"
CAPTION = "an orange mushroom on a blue background, washed out, EasyNegative: zebras!"


def test_every_known_word_is_one_token():
    tokenizer = build_tokenizer()
    assert not [word for word in known_words() if len(tokenizer.tokenize(word)) != 1]


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_any_other_text_is_split_without_loss(text: str):
    tokenizer = build_tokenizer()
    pieces = "".join(piece.removesuffix("</w>") for piece in tokenizer.tokenize(text))
    assert pieces == text.lower()


def test_another_process_assigns_the_same_ids():
    """It once didn't: "blue" had one id in training and another when shipped, and came out pink."""
    program = (
        "import json; from demo.tokenizer import build_tokenizer; print(json.dumps(build_tokenizer().get_vocab()))"
    )
    answer = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, check=True, text=True)
    assert json.loads(answer.stdout) == build_tokenizer().get_vocab()


def test_the_shipped_tokenizer_is_the_one_used_in_training():
    assert CLIPTokenizer.from_pretrained(SHIPPED).get_vocab() == build_tokenizer().get_vocab()


@pytest.mark.parametrize("files", [("tokenizer.json",), ("vocab.json", "merges.txt")])
def test_either_file_format_is_enough(tmp_path: Path, files: tuple[str, ...]):
    for name in (*files, "tokenizer_config.json"):
        shutil.copy(SHIPPED / name, tmp_path)
    assert CLIPTokenizer.from_pretrained(tmp_path)(CAPTION).input_ids == build_tokenizer()(CAPTION).input_ids


def test_it_survives_saving_and_loading(tmp_path: Path):
    save_tokenizer(build_tokenizer(), tmp_path)
    assert CLIPTokenizer.from_pretrained(tmp_path)(CAPTION).input_ids == build_tokenizer()(CAPTION).input_ids
