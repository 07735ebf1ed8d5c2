"""From wish to plan: every choice made, every rule checked, or one sentence that says what to do instead."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.library import Library
from services.checkpoints import Checkpoint, Shelf
from services.errors import PromptTooLong, UserError
from services.parameters import MAX_COUNT, MAX_SEED, GenerationParameters, PlacedEmbedding
from services.planning.advice import advise
from services.planning.picks import EmbeddingLimits, Pick, pick_embeddings, refuse_no_effect
from services.prompting import CHUNK_TOKENS, lay_out
from services.prompting.chunks import Tokenize, count_tokens
from services.prompting.mentions import embeddings_apart
from services.prompting.tokens import load_tokenizer
from services.requests import GenerationRequest
from services.samplers import find_sampler

#: more chunks than this make a prompt that no encoder was trained on, and a slow one
MAX_CHUNKS = 4
MAX_CFG = 30.0

_SIZE = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what the advice says of it."""

    parameters: GenerationParameters
    hints: tuple[str, ...]


class Planner:
    """Knows the models and the library; knows no server and no preset."""

    def __init__(self, *, shelf: Shelf, library: Library, limits: EmbeddingLimits, default_model: str) -> None:
        self._shelf = shelf
        self._library = library
        self._limits = limits
        self._default_model = default_model

    def embeddings_apart(self, request: GenerationRequest) -> GenerationRequest:
        """The wish with `(EasyNegative:0.8)` in its negative prompt chosen as an embedding instead."""
        return embeddings_apart(request, self._library)

    def plan(self, request: GenerationRequest) -> Planned:
        """Decide everything that the request leaves open and check it.

        Raises: UserError.
        """
        request = self.embeddings_apart(request)
        # 1. the model, since all else depends on it
        checkpoint = self._shelf.find_installed(request.model or self._default_model)
        # 2. numbers
        cfg = number("CFG", request.cfg, checkpoint.cfg, 0, MAX_CFG)
        steps = whole("Steps", request.steps, checkpoint.steps, 1, checkpoint.max_steps)
        count = whole("Count", request.count, 1, 1, MAX_COUNT)
        seed = whole("The seed", request.seed, secrets.randbelow(MAX_SEED - MAX_COUNT), 0, MAX_SEED - count + 1)
        width, height = parse_size(request.size, checkpoint)
        sampler = find_sampler(request.sampler or checkpoint.sampler)
        # 3. embeddings
        picks = pick_embeddings(request.embeddings, checkpoint, self._library, self._limits)
        refuse_no_effect(picks, checkpoint, cfg)
        # 4. prompts
        prompt, negative = _prompt(request.prompt), (request.negative or "").strip()
        budget = measure(prompt, negative, picks, load_tokenizer(self._shelf.installation(checkpoint.id).configuration))
        parameters = GenerationParameters(
            checkpoint=checkpoint.id,
            prompt=prompt,
            negative=negative,
            embeddings=tuple(placed(pick) for pick in picks),
            cfg=cfg,
            steps=steps,
            width=width,
            height=height,
            seed=seed,
            count=count,
            sampler=sampler,
            clip_skip=checkpoint.clip_skip,
            prompt_tokens=budget.prompt_tokens,
            negative_tokens=budget.negative_tokens,
            chunks=budget.chunks,
        )
        return Planned(parameters, advise(parameters, checkpoint, picks))


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


def placed(pick: Pick) -> PlacedEmbedding:
    """The pick as a plan carries it, vectors included."""
    installed = pick.embedding
    return PlacedEmbedding(
        id=installed.id,
        strength=pick.strength,
        num_vectors=installed.num_vectors,
        content_hash=installed.content_hash,
        file_hash=installed.file_hash,
        vectors=installed.embedding.vectors,
    )


def _nearest_side(side: int, checkpoint: Checkpoint) -> int:
    limited = min(max(side, checkpoint.min_side), checkpoint.max_side)
    return round(limited / checkpoint.multiple) * checkpoint.multiple


def _prompt(typed: str | None) -> str:
    if not (typed or "").strip():
        raise UserError("Say what to draw: /imagine prompt:a red fish in the sea")
    return (typed or "").strip()


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
