"""The bounds that every plan and every preset must keep, and the sentence for each that is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.checkpoints import Checkpoint
from services.errors import PromptTooLong, UserError
from services.planning.picks import Pick
from services.prompting import CHUNK_TOKENS, lay_out
from services.prompting.chunks import Tokenize, count_tokens

#: more chunks than this make a prompt that no encoder was trained on, and a slow one
MAX_CHUNKS = 4
MAX_CFG = 30.0
_SIZE = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Budget:
    """Positions that both prompts take; both are padded to the same number of chunks."""

    prompt_tokens: int
    negative_tokens: int
    chunks: int


def measure(prompt: str, negative: str, picks: Sequence[Pick], tokenize: Tokenize) -> Budget:
    """Lay both prompts out and count.

    Raises: PromptTooLong, with the count, since nothing is ever cut.
    """
    vectors = [(pick.embedding.num_vectors, pick.strength) for pick in picks]
    laid_out = {"prompt": lay_out(prompt, tokenize), "negative prompt": lay_out(negative, tokenize, vectors)}
    for name, chunks in laid_out.items():
        if len(chunks) > MAX_CHUNKS:
            raise PromptTooLong(
                f"The {name} has {count_tokens(chunks)} tokens; at most {MAX_CHUNKS * CHUNK_TOKENS} are taken. "
                "Nothing is ever cut off silently: please shorten it."
            )
    prompt_tokens, negative_tokens = (count_tokens(chunks) for chunks in laid_out.values())
    return Budget(prompt_tokens, negative_tokens, max(len(chunks) for chunks in laid_out.values()))


def parse_size(typed: str | None, checkpoint: Checkpoint) -> tuple[int, int]:
    """Width and height in the model's pixels.

    Raises: UserError, naming a size near the one typed.
    """
    if typed is None:
        return checkpoint.width, checkpoint.height
    match = _SIZE.fullmatch(typed)
    if match is None:
        raise UserError(f"'{typed[:40]}' is no size: write it as width x height, like {checkpoint.size}.")
    width, height = int(match[1]), int(match[2])
    nearest = tuple(_nearest_side(side, checkpoint) for side in (width, height))
    if nearest != (width, height):
        raise UserError(
            f"{checkpoint.title} takes sides from {checkpoint.min_side} to {checkpoint.max_side} in steps of "
            f"{checkpoint.multiple}, and {width}x{height} is not one: try {nearest[0]}x{nearest[1]}."
        )
    return width, height


def _nearest_side(side: int, checkpoint: Checkpoint) -> int:
    limited = min(max(side, checkpoint.min_side), checkpoint.max_side)
    return round(limited / checkpoint.multiple) * checkpoint.multiple


def number(name: str, typed: float | None, default: float, low: float, high: float) -> float:
    """What is typed, or the default.

    Raises: UserError, if it is outside.
    """
    if typed is None:
        return default
    if not low <= typed <= high:
        raise UserError(
            f"{name} goes from {low:g} to {high:g}, and {typed:g} is outside; leave it out for {default:g}."
        )
    return float(typed)


def whole(name: str, typed: int | None, default: int, low: int, high: int) -> int:
    """What is typed, or the default.

    Raises: UserError, if it is outside.
    """
    if typed is None:
        return default
    if not low <= typed <= high:
        raise UserError(
            f"{name} must be a whole number from {low} to {high}, and {typed} is not; leave it out to let me choose."
        )
    return typed
