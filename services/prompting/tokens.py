"""A checkpoint's tokenizer, as a function from text to token ids."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from transformers import CLIPTokenizer

from services.prompting.chunks import Tokenize


def tokenizer_function(tokenizer: CLIPTokenizer) -> Tokenize:
    """The tokenizer as a function from text to ids, without begin and end tokens."""

    def tokenize(text: str) -> list[int]:
        # split_special_tokens: "<|endoftext|>" in a prompt is ordinary text and doesn't end the prompt
        ids: Sequence[int] = tokenizer(
            text, add_special_tokens=False, truncation=False, split_special_tokens=True, verbose=False
        )["input_ids"]
        return list(ids)

    return tokenize


@cache
def load_tokenizer(configuration: Path) -> Tokenize:
    """The tokenizer of a folder in diffusers' layout. Cached, and doesn't import torch."""
    kind = cast("Any", CLIPTokenizer)  # its annotations are incomplete
    return tokenizer_function(kind.from_pretrained(configuration / "tokenizer", local_files_only=True))
