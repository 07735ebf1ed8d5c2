"""The demo checkpoint's tokenizer: every word is counted, and no text ends the prompt."""

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
def test_begin_and_end_tokens_are_not_counted(text: str, count: int) -> None:
    assert len(TOKENIZE(text)) == count


def test_the_ids_equal_the_tokenizers() -> None:
    ids = TOKENIZER("a red fish in the sea, blurry")["input_ids"]
    assert [TOKENIZER.bos_token_id, *TOKENIZE("a red fish in the sea, blurry"), TOKENIZER.eos_token_id] == ids


def test_a_padding_character_in_the_text_is_an_ordinary_token() -> None:
    # SD 2's tokenizer and SDXL's second one pad with "!", which is an ordinary word when typed
    padding = CLIPTokenizer.from_pretrained(DEMO_CHECKPOINT / "tokenizer", pad_token="!", local_files_only=True)
    assert tokenizer_function(padding)("red fish!") == TOKENIZE("red fish!")


def test_long_prompts_are_not_truncated() -> None:
    assert len(TOKENIZE("red " * 1000)) == 1000


@given(
    st.text(st.sampled_from("aB z,.!?0'’éß日😀\u0301-_<|>")), st.sampled_from(["", "<|endoftext|>", "<|startoftext|>"])
)
def test_no_text_becomes_a_begin_or_end_token(text: str, mark: str) -> None:
    assert not {TOKENIZER.bos_token_id, TOKENIZER.eos_token_id} & set(TOKENIZE(text + mark + text))


@given(st.text(st.sampled_from("abcxyzABC 0189,.:!?()[]{}<>|'\"-_=+*&^%$#@~`/\\\n")))
def test_no_character_is_lost_or_added(text: str) -> None:
    tokens = TOKENIZER.convert_ids_to_tokens(TOKENIZE(text))
    assert "".join(str(token).removesuffix("</w>") for token in tokens) == "".join(text.lower().split())


def test_a_checkpoints_tokenizer_is_cached() -> None:
    first = load_tokenizer(DEMO_CHECKPOINT)
    assert load_tokenizer(Path(DEMO_CHECKPOINT)) is first
    assert first("a red fish") == TOKENIZE("a red fish")


def test_counting_tokens_does_not_import_torch() -> None:
    program = (
        "import sys, pathlib; from services.prompting.tokens import load_tokenizer;"
        f"print(len(load_tokenizer(pathlib.Path({str(DEMO_CHECKPOINT)!r}))('a red fish')), 'torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["3", "False"]
