"""A real CLIP tokenizer with a small vocabulary: every word of the demo world is one token, the rest falls to characters."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

from demo.captions import GENERIC, PRAISE
from demo.world import COLOURS, PLACES, SHAPES

_WORLD = (*COLOURS, *SHAPES, *PLACES.values(), *GENERIC, *PRAISE, "washed out tinted watermark a an grey")
#: what people usually write into negative prompts; the demo model has never seen it, but it should cost one token each
_USUAL = """blurry blur deformed hands fingers extra missing limbs bad anatomy proportions mutated disfigured poorly drawn face
cropped jpeg text signature username logo error noise grainy oversaturated pale dark dull faded flat distorted lowres
duplicate morbid out of frame border cartoon painting photo picture image of with and or no not the one two three big small
little beautiful nice bright cat dog bird boat car flower sun moon cloud water sand ice wood mountain river"""
_END = "</w>"


def build_tokenizer() -> CLIPTokenizer:
    """Train the merges on the words and set the tokenizer up as CLIP's is."""
    words = sorted({word for text in (*_WORLD, _USUAL) for word in text.split()})
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = _train(words, alphabet)
    tokens = [*alphabet, *(letter + _END for letter in alphabet), *dict.fromkeys("".join(pair) for pair in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(
        vocab={token: number for number, token in enumerate(dict.fromkeys(tokens))}, merges=merges, model_max_length=77
    )
    split = [word for word in words if len(tokenizer.tokenize(word)) != 1]
    if split:
        raise ValueError(f"these words are no single tokens: {split}")
    return tokenizer


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Save with vocab.json and merges.txt, which transformers 5 no longer writes and older programs read."""
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _train(words: Iterable[str], alphabet: list[str]) -> list[tuple[str, str]]:
    trained = Tokenizer(BPE(end_of_word_suffix=_END))
    trained.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = BpeTrainer(
        vocab_size=10_000, end_of_word_suffix=_END, initial_alphabet=alphabet, show_progress=False, min_frequency=1
    )
    trained.train_from_iterator(words, trainer)
    merges = json.loads(trained.to_str())["model"]["merges"]
    return [tuple(pair.split(" ")) if isinstance(pair, str) else (pair[0], pair[1]) for pair in merges]
