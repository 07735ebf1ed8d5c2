"""The demo checkpoint's own tokenizer: every word is counted, and none of them ends the prompt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from services.prompting.tokens import load_tokenizer, tokenizer_function
from tests.builders import DEMO_CHECKPOINT, REPOSITORY

TOKENIZER = CLIPTokenizer.from_pretrained(DEMO_CHECKPOINT / "tokenizer", local_files_only=True)
TOKENIZE = tokenizer_function(TOKENIZER)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("   ", 0), ("a red fish", 3), ("A Red FISH", 3), ("red, blurry", 3), (",", 1), (", , ", 2)],
)
def test_words_are_counted_without_begin_and_end(text: str, count: int) -> None:
    assert len(TOKENIZE(text)) == count


def test_the_ids_are_those_of_the_tokenizer() -> None:
    ids = TOKENIZER("a red fish in the sea, blurry")["input_ids"]
    assert [TOKENIZER.bos_token_id, *TOKENIZE("a red fish in the sea, blurry"), TOKENIZER.eos_token_id] == ids


def test_a_tokenizer_that_pads_with_an_ordinary_character_still_reads_it() -> None:
    # SD 2's and SDXL's second tokenizer pad with "!"; typed, it is a word and no padding
    padding = CLIPTokenizer.from_pretrained(DEMO_CHECKPOINT / "tokenizer", pad_token="!", local_files_only=True)
    assert tokenizer_function(padding)("red fish!") == TOKENIZE("red fish!")


def test_long_prompts_are_not_cut() -> None:
    assert len(TOKENIZE("red " * 1000)) == 1000


@given(
    st.text(st.sampled_from("aB z,.!?0'’éß日😀\u0301-_<|>")), st.sampled_from(["", "<|endoftext|>", "<|startoftext|>"])
)
def test_no_text_becomes_a_mark_of_begin_or_end(text: str, mark: str) -> None:
    assert not {TOKENIZER.bos_token_id, TOKENIZER.eos_token_id} & set(TOKENIZE(text + mark + text))


@given(st.text(st.sampled_from("abcxyzABC 0189,.:!?()[]{}<>|'\"-_=+*&^%$#@~`/\\\n")))
def test_no_letter_is_lost_or_invented(text: str) -> None:
    tokens = TOKENIZER.convert_ids_to_tokens(TOKENIZE(text))
    assert "".join(str(token).removesuffix("</w>") for token in tokens) == "".join(text.lower().split())


def test_a_checkpoints_tokenizer_is_read_once() -> None:
    first = load_tokenizer(DEMO_CHECKPOINT)
    assert load_tokenizer(Path(DEMO_CHECKPOINT)) is first
    assert first("a red fish") == TOKENIZE("a red fish")


def test_counting_needs_no_torch() -> None:
    program = (
        "import sys, pathlib; from services.prompting.tokens import load_tokenizer;"
        f"print(len(load_tokenizer(pathlib.Path({str(DEMO_CHECKPOINT)!r}))('a red fish')), 'torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["3", "False"]
