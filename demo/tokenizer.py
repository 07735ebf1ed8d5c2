"""A CLIP tokenizer with a small vocabulary: a token for each word of the demo world, single characters for anything else.

The merges are committed, because weights only work with the token ids they were trained with. Training the merges breaks ties
differently in every process, which once gave "blue" the id of "blur", so that the checkpoint drew blue things pink.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import pre_tokenizers
from transformers import CLIPTokenizer

from demo.captions import COMPLAINTS, PRAISE
from demo.world import COLOURS, PLACES, SHAPES

MERGES = Path(__file__).with_name("merges.txt")
_WORLD = (*COLOURS, *SHAPES, *PLACES.values(), *COMPLAINTS, *PRAISE, "washed out tinted watermark a an grey")
#: common words of negative prompts; the demo was never trained on them, but each should cost only one token
_COMMON = """blurry blur deformed hands fingers extra missing limbs bad anatomy proportions mutated disfigured poorly drawn face
cropped jpeg text signature username logo error noise grainy oversaturated pale dark dull faded flat distorted lowres
duplicate morbid out of frame border cartoon painting photo picture image of with and or no not the one two three big small
little beautiful nice bright cat dog bird boat car flower sun moon cloud water sand ice wood mountain river"""
_END = "</w>"


def known_words() -> list[str]:
    """The words that are a single token."""
    return sorted({word for text in (*_WORLD, _COMMON) for word in text.split()})


def build_tokenizer() -> CLIPTokenizer:
    """Build the tokenizer, set up like CLIP's; identical in every process."""
    lines = MERGES.read_text(encoding="utf-8").splitlines()[1:]  # the first line names the format
    merges = [(left, right) for left, right in (line.split(" ") for line in lines)]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*alphabet, *(letter + _END for letter in alphabet), *("".join(pair) for pair in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    kind: Any = CLIPTokenizer  # it takes pairs, whatever its annotations say
    return kind(vocab=vocabulary, merges=merges, model_max_length=77)


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Save it, including vocab.json and merges.txt, which older programs read but transformers 5 no longer writes."""
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
