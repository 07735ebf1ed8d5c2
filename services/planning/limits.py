"""The bounds that every plan and every preset keeps, with the sentence for each value that doesn't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.errors import PromptTooLong, UserError
from services.planning.picks import Pick
from services.prompting import CHUNK_TOKENS, split_into_chunks
from services.prompting.chunks import Tokenize, count_tokens
from services.remedies import Remedy

#: no encoder was trained on prompts of more chunks, and each one costs time
MAX_CHUNKS = 4
MAX_CFG = 30.0

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Budget:
    """The positions that both prompts take. Both are padded to the same number of chunks."""

    prompt_tokens: int
    negative_tokens: int
    chunks: int


def within(name: str, value: Number | None, default: Number, low: float, high: float) -> Number:
    """The value, or the default if it is None.

    Raises: UserError, if it is out of bounds.
    """
    if value is None:
        return default
    if not low <= value <= high:  # also refuses nan
        sentence = f"{name} must be between {low:.10g} and {high:.10g}; you gave {value:.10g}."
        raise UserError(sentence, _nearest(name, value, low, high))
    return value


def _nearest(name: str, value: float, low: float, high: float) -> Remedy | None:
    nearest = min(max(value, low), high)
    if nearest != nearest:
        return None
    number = nearest if name == "CFG" else int(nearest)
    return Remedy(f"Draw with {name} {number:.10g}", {name.casefold(): number})


def measure(prompt: str, negative: str, picks: Sequence[Pick], tokenize: Tokenize) -> Budget:
    """Lay both prompts out and count their tokens.

    Raises: PromptTooLong, with the count, since nothing is ever truncated.
    """
    vectors = [(min(pick.embedding.num_vectors, CHUNK_TOKENS), pick.strength) for pick in picks]
    laid_out = {
        "prompt": split_into_chunks(prompt, tokenize),
        "negative prompt": split_into_chunks(negative, tokenize, vectors),
    }
    for name, chunks in laid_out.items():
        if len(chunks) > MAX_CHUNKS:
            raise PromptTooLong(
                f"The {name} has {count_tokens(chunks)} tokens and the limit is {MAX_CHUNKS * CHUNK_TOKENS}. I never cut a "
                "prompt silently, so please shorten it."
            )
    prompt_tokens, negative_tokens = (count_tokens(chunks) for chunks in laid_out.values())
    return Budget(prompt_tokens, negative_tokens, max(len(chunks) for chunks in laid_out.values()))
