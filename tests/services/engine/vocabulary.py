"""CLIP's own vocabulary of 49,408 tokens, built from its authors' published merges."""

from __future__ import annotations

import gzip
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from transformers import CLIPTokenizer

SIZE = 49_408
BEGIN, END = "<|startoftext|>", "<|endoftext|>"
#: the byte alphabet, once for inside a word and once for its end, and the two special tokens
_BESIDE_MERGES = 2 * 256 + 2


def clip_tokenizer(**more: Any) -> CLIPTokenizer:
    """CLIP's tokenizer; `more` overrides its class's options."""
    vocabulary, merges = _read()
    options = {"bos_token": BEGIN, "eos_token": END, "unk_token": END, "pad_token": END, "model_max_length": 77} | more
    return CLIPTokenizer(vocab=dict(vocabulary), merges=list(merges), **options)  # pyright: ignore[reportArgumentType]


@cache
def _read() -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    found = importlib.util.find_spec("clip")  # not imported, since only its data file is needed
    assert found is not None
    assert found.origin is not None
    file = Path(found.origin).with_name("bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.decompress(file.read_bytes()).decode("utf-8").split("\n")
    merges = [(left, right) for left, right in map(str.split, lines[1 : 1 + SIZE - _BESIDE_MERGES])]
    letters = _byte_alphabet()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges), BEGIN, END]
    return {token: number for number, token in enumerate(tokens)}, tuple(merges)


def _byte_alphabet() -> list[str]:
    """A printable character for each byte, in vocabulary order: bytes that are printable themselves come first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = len(set(range(256)) - set(printable))
    return [chr(code) for code in printable] + [chr(256 + number) for number in range(others)]
