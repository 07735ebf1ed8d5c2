"""Tell from tensor names what a file is, when it is not an embedding.

People mix up what they download; "this is a LoRA" helps where "unknown keys" does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from embeddings.display import printable
from embeddings.errors import OtherEncoders, RefusedFile
from embeddings.header import MAX_TENSORS, guess_tensor_names

# A token may be called anything ("flora_bad"), so a mark counts only as a part of a name between dots.
_FOREIGN: tuple[tuple[str, str], ...] = (
    (r"(^|\.)(lora_|lora\.|bundle_emb\.)", "This is a LoRA, not an embedding."),
    (
        r"(^|\.)(model\.diffusion_model|cond_stage_model|first_stage_model|conditioner)\.",
        "This is a whole model, not an embedding.",
    ),
    (r"^((encoder\.down|decoder\.up)(_blocks)?|(post_)?quant_conv)\.", "This is a VAE, not an embedding."),
    (r"(^|\.)(down_blocks|up_blocks|mid_block)\.", "This is a UNet or a ControlNet, not an embedding."),
    (r"(^|\.)text_model\.", "This is a whole text encoder, not an embedding."),
)
_OUTPUT_SUFFIX = "_out"
OTHER_ENCODERS = {"t5": "Flux or SD3", "t5xxl": "SD3", "text_encoders_2": "SD3"}

#: of a file that is too large, to name it; trainers write half a megabyte of notes before a LoRA's first tensor
PEEK_BYTES = 1024 * 1024
#: what may be the name of a tensor in a pickle
_PICKLED_NAME = re.compile(rb"[A-Za-z0-9_.]{6,300}")


def foreign(keys: Sequence[str]) -> str | None:
    """A sentence that names what the file is, if its tensor names give it away."""
    return next((sentence for mark, sentence in _FOREIGN if any(re.search(mark, key) for key in keys)), None)


def refuse_foreign_keys(keys: Sequence[str]) -> None:
    """Raise RefusedFile with a sentence that says what the file is instead, or what of it cannot be used."""
    if sentence := foreign(keys):
        raise RefusedFile(sentence)
    for key in keys:
        if key in OTHER_ENCODERS:
            raise OtherEncoders(f"This is an embedding for {OTHER_ENCODERS[key]} ('{key}'), which no model here has.")
        if key.endswith(_OUTPUT_SUFFIX):
            raise RefusedFile(f"'{printable(key)}' is applied after the text encoder, which no other program supports.")
    if len(keys) > MAX_TENSORS:
        raise RefusedFile(f"It holds {len(keys)} tensors; an embedding holds one or two.")


def too_large(start: bytes, size: int, most: int) -> str:
    """The sentence for a file of `size` bytes of which `start` was read: what it is, if its tensors' names tell."""
    names = [*guess_tensor_names(start), *(name.decode() for name in _PICKLED_NAME.findall(start))]
    return foreign(names) or f"The file has {size:,} bytes; an embedding has at most {most:,}."
