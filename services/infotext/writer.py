"""Write A1111's "parameters" text, so that every picture describes itself.

Source: the format that A1111 writes and the common metadata readers understand: the prompt, then "Negative prompt: …", then
one line of "key: value" pairs, with values that contain commas or colons in quotes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from services.parameters import EmbeddingRecord, PlanRecord
from services.samplers import SAMPLERS

#: the keyword of the PNG text chunk
INFOTEXT_KEY = "parameters"
#: what our own pictures name as their program
PROGRAM = "Negative Space"
#: A1111 names embedding files by this many digits of their SHA-256
SHORT_HASH_DIGITS = 12


def write_infotext(plan: PlanRecord, index: int, *, model: str, model_hash: str | None) -> str:
    """The text for picture `index` of a plan; without the hash if the model can't be read."""
    negative = ", ".join(part for part in (*map(_mention, plan.embeddings), plan.negative) if part)
    hashes = ", ".join(f"{placed.id}: {placed.file_hash[:SHORT_HASH_DIGITS]}" for placed in plan.embeddings)
    pairs = {
        "Steps": plan.steps,
        "Sampler": SAMPLERS[plan.sampler],
        "CFG scale": f"{plan.cfg:g}",
        "Seed": plan.seed_of(index),
        "Size": plan.size,
        "Model hash": model_hash,
        "Model": model,
        "Variation seed": plan.variation_seed_of(index) if plan.variation_strength else None,
        "Variation seed strength": f"{plan.variation_strength:g}" if plan.variation_strength else None,
        "Clip skip": plan.clip_skip if plan.clip_skip > 1 else None,
        "TI hashes": hashes or None,
        "Version": PROGRAM,
    }
    parts = (plan.prompt, f"Negative prompt: {negative}" if negative else "", write_settings(pairs))
    return "\n".join(part for part in parts if part)


def write_settings(pairs: Mapping[str, object]) -> str:
    """The pairs in one line, without those that are None."""
    return ", ".join(f"{key}: {quoted(str(value))}" for key, value in pairs.items() if value is not None)


def _mention(placed: EmbeddingRecord) -> str:
    return placed.id if placed.strength == 1 else f"({placed.id}:{placed.strength:g})"


def quoted(value: str, special: str = ",:\n") -> str:
    """The value, in quotes if it has one of the special characters."""
    is_special = value.startswith('"') or any(mark in value for mark in special)
    return json.dumps(value, ensure_ascii=False) if is_special else value
