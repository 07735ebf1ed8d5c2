"""The words have their numbers, and have them everywhere."""

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


def test_every_word_of_the_world_is_one_token():
    tokenizer = build_tokenizer()
    assert not [word for word in known_words() if len(tokenizer.tokenize(word)) != 1]


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_anything_else_falls_to_pieces_and_nothing_is_lost(text: str):
    tokenizer = build_tokenizer()
    pieces = "".join(piece.removesuffix("</w>") for piece in tokenizer.tokenize(text))
    assert pieces == text.lower()


def test_another_process_numbers_the_words_in_the_same_way():
    """It once did not: "blue" was trained as one number and shipped as another, and came out pink."""
    program = (
        "import json; from demo.tokenizer import build_tokenizer; print(json.dumps(build_tokenizer().get_vocab()))"
    )
    answer = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, check=True, text=True)
    assert json.loads(answer.stdout) == build_tokenizer().get_vocab()


def test_the_shipped_tokenizer_is_the_one_that_the_weights_were_trained_with():
    assert CLIPTokenizer.from_pretrained(SHIPPED).get_vocab() == build_tokenizer().get_vocab()


@pytest.mark.parametrize("files", [("tokenizer.json",), ("vocab.json", "merges.txt")])
def test_either_form_of_its_files_is_enough(tmp_path: Path, files: tuple[str, ...]):
    for name in (*files, "tokenizer_config.json"):
        shutil.copy(SHIPPED / name, tmp_path)
    assert CLIPTokenizer.from_pretrained(tmp_path)(CAPTION).input_ids == build_tokenizer()(CAPTION).input_ids


def test_saved_and_read_again_it_is_the_same(tmp_path: Path):
    save_tokenizer(build_tokenizer(), tmp_path)
    assert CLIPTokenizer.from_pretrained(tmp_path)(CAPTION).input_ids == build_tokenizer()(CAPTION).input_ids
