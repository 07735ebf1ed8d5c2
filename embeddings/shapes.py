"""Recognise from tensor names what a file is when it isn't an embedding.

People mix up the files they download, and "this is a LoRA" helps them where "unknown keys" doesn't.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from embeddings.display import printable
from embeddings.errors import RefusedFile, UnsupportedEncoders
from embeddings.header import MAX_TENSORS, guess_tensor_names

#: the rest of every sentence about a file that holds something other than an embedding
NOT_AN_EMBEDDING = "not an embedding; please choose a textual inversion file"

# A token can be called anything ("flora_bad"), so a pattern matches only whole parts of a dotted name.
_KINDS: tuple[tuple[str, str], ...] = (
    (r"(^|\.)(lora_|lora\.|bundle_emb\.)", "a LoRA"),
    (r"(^|\.)(model\.diffusion_model|cond_stage_model|first_stage_model|conditioner)\.", "a whole model"),
    (r"^((encoder\.down|decoder\.up)(_blocks)?|(post_)?quant_conv)\.", "a VAE"),
    (r"(^|\.)(down_blocks|up_blocks|mid_block)\.", "a UNet or a ControlNet"),
    (r"(^|\.)text_model\.", "a whole text encoder"),
)
_OUTPUT_SUFFIX = "_out"
#: tensor name → the families whose models have that text encoder
UNSUPPORTED_ENCODERS = {"t5": "Flux or SD3", "t5xxl": "SD3", "text_encoders_2": "SD3"}

#: How much of a file that is too large is read to recognise it; trainers write half a megabyte of notes before a LoRA's
#: first tensor.
PEEK_BYTES = 1024 * 1024
#: what may be the name of a tensor in a pickle
_PICKLED_NAME = re.compile(rb"[A-Za-z0-9_.]{6,300}")


def other_kind(keys: Sequence[str]) -> str | None:
    """The sentence for a file with these tensor names, if they show that it isn't an embedding."""
    kind = next((kind for pattern, kind in _KINDS if any(re.search(pattern, key) for key in keys)), None)
    return f"This is {kind}, {NOT_AN_EMBEDDING}." if kind else None


def refuse_other_kinds(keys: Sequence[str]) -> None:
    """Raise RefusedFile if these are the tensors of anything but an embedding, or of one that can't be used here."""
    if sentence := other_kind(keys):
        raise RefusedFile(sentence)
    for key in keys:
        if key in UNSUPPORTED_ENCODERS:
            raise UnsupportedEncoders(
                f"This embedding is for {UNSUPPORTED_ENCODERS[key]}; no supported model has a text encoder for '{key}'."
            )
        if key.endswith(_OUTPUT_SUFFIX):
            raise RefusedFile(
                f"'{printable(key)}' is applied after the text encoder, which only OneTrainer supports; "
                "please choose a file without it."
            )
    if len(keys) > MAX_TENSORS:
        raise RefusedFile(f"This file contains {len(keys)} tensors; an embedding has one or two.")


def too_large(start: bytes, size: int, most: int) -> str:
    """The sentence for a file of `size` bytes that starts with `start`: what it is, if tensor names show it."""
    names = [*guess_tensor_names(start), *(name.decode() for name in _PICKLED_NAME.findall(start))]
    return other_kind(names) or f"This file has {size:,} bytes; an embedding has at most {most:,}."
