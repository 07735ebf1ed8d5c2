"""A real CLIP tokenizer with a small vocabulary: every word of the demo world is one token, the rest falls to characters.

The merges are a file of the tree, since weights are trained for one numbering of the words: a trainer of merges that breaks ties
differently in every process would give "blue" the number of "blur", and the checkpoint would draw it pink.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import pre_tokenizers
from transformers import CLIPTokenizer

from demo.captions import GENERIC, PRAISE
from demo.world import COLOURS, PLACES, SHAPES

MERGES = Path(__file__).with_name("merges.txt")
_WORLD = (*COLOURS, *SHAPES, *PLACES.values(), *GENERIC, *PRAISE, "washed out tinted watermark a an grey")
#: what people usually write into negative prompts; the demo model has never seen it, but it should cost one token each
_USUAL = """blurry blur deformed hands fingers extra missing limbs bad anatomy proportions mutated disfigured poorly drawn face
cropped jpeg text signature username logo error noise grainy oversaturated pale dark dull faded flat distorted lowres
duplicate morbid out of frame border cartoon painting photo picture image of with and or no not the one two three big small
little beautiful nice bright cat dog bird boat car flower sun moon cloud water sand ice wood mountain river"""
_END = "</w>"


def known_words() -> list[str]:
    """The words that are one token each."""
    return sorted({word for text in (*_WORLD, _USUAL) for word in text.split()})


def build_tokenizer() -> CLIPTokenizer:
    """The tokenizer, set up as CLIP's is; the same in every process."""
    lines = MERGES.read_text(encoding="utf-8").splitlines()[1:]  # the first names the format
    merges = [(left, right) for left, right in (line.split(" ") for line in lines)]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*alphabet, *(letter + _END for letter in alphabet), *("".join(pair) for pair in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    kind: Any = CLIPTokenizer  # pairs are what it takes, whatever its annotations say
    return kind(vocab=vocabulary, merges=merges, model_max_length=77)


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Save with vocab.json and merges.txt, which transformers 5 no longer writes and older programs read."""
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
