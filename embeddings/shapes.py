"""Tell from tensor names what a file is, when it is not an embedding.

People mix up what they download; "this is a LoRA" helps where "unknown keys" does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.errors import RefusedFile
from embeddings.header import MAX_TENSORS

_FOREIGN: tuple[tuple[tuple[str, ...], str], ...] = (
    (("lora_", ".lora_", "lora_A", "lora_B", ".lora.", "bundle_emb."), "This is a LoRA, not an embedding."),
    (
        ("model.diffusion_model.", "cond_stage_model.", "first_stage_model.", "conditioner."),
        "This is a whole model, not an embedding.",
    ),
    (("down_blocks.", "up_blocks.", "mid_block."), "This is a UNet or a ControlNet, not an embedding."),
    (("encoder.down", "decoder.up", "quant_conv."), "This is a VAE, not an embedding."),
    (("text_model.",), "This is a whole text encoder, not an embedding."),
)
_OUTPUT_SUFFIX = "_out"
_OTHER_ENCODERS = {"t5": "Flux or SD3", "t5xxl": "SD3", "text_encoders_2": "SD3"}


def refuse_foreign_keys(keys: Sequence[str]) -> None:
    """Raise RefusedFile with a sentence that names what the file is, if its tensor names give it away."""
    for marks, sentence in _FOREIGN:
        if any(mark in key for key in keys for mark in marks):
            raise RefusedFile(sentence)
    for key in keys:
        if key in _OTHER_ENCODERS:
            raise RefusedFile(f"This is an embedding for {_OTHER_ENCODERS[key]} ('{key}'), which no model here has.")
        if key.endswith(_OUTPUT_SUFFIX):
            raise RefusedFile(f"'{key[:40]}' is applied after the text encoder, which no other program supports.")
    if len(keys) > MAX_TENSORS:
        raise RefusedFile(f"It holds {len(keys)} tensors; an embedding holds one or two.")
