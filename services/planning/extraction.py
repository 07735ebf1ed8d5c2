"""Take embeddings out of the text of a negative prompt, where other programs put them, and choose them instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.choices import EmbeddingChoice
from services.planning.naming import is_unmistakable
from services.prompting.mentions import take_mentions
from services.requests import GenerationRequest
from services.stock import Stock


@dataclass(frozen=True, slots=True)
class Extracted:
    """The request with its embeddings in one place, and what to tell the member about it."""

    request: GenerationRequest
    hints: tuple[str, ...] = ()


def extract_embeddings(request: GenerationRequest, stock: Stock) -> Extracted:
    """Choose the embeddings that the negative prompt names, installed or known, after those already chosen.

    Names lose a file's ending here, so that whatever compares choices by their names sees the same one.
    An embedding that the text names again is used once: pasted prompts often list one under two names.
    """
    if request.embeddings:
        plain = (replace(choice, name=stock.plain_name(choice.name)) for choice in request.embeddings)
        request = replace(request, embeddings=tuple(plain))
    mentions, rest = take_mentions(request.negative or "", lambda name, is_alone: _is_meant(name, is_alone, stock))
    if not mentions:
        return Extracted(request)
    chosen = list(request.embeddings or ())
    hints: list[str] = []
    for mention in mentions:
        # other programs use an embedding at 1 where no weight is written, whatever its catalog entry recommends
        choice = EmbeddingChoice(stock.plain_name(mention.name), float(f"{mention.weight:.4g}"))
        if mention.is_scheduled:
            hints.append(
                f"Other programs switch {_id_of(choice, stock)} on or off on the way; here it works from the first step."
            )
        if (twin := _twin(choice, chosen, stock)) is None:
            chosen.append(choice)
        else:
            hints.append(f"{_id_of(choice, stock)} is named twice; it's used once, as {twin}.")
    return Extracted(replace(request, embeddings=tuple(chosen), negative=rest or None), tuple(dict.fromkeys(hints)))


def _is_meant(name: str, is_alone: bool, stock: Stock) -> bool:
    plain = stock.plain_name(name)
    return stock.is_embedding(name) and (is_alone or plain != name or is_unmistakable(plain, stock.library))


def _twin(choice: EmbeddingChoice, chosen: Sequence[EmbeddingChoice], stock: Stock) -> EmbeddingChoice | None:
    own = _identity(choice, stock)
    return next((other for other in chosen if _identity(other, stock) == own), None)


def _identity(choice: EmbeddingChoice, stock: Stock) -> str:
    installed = stock.embedding(choice.name)
    return installed.content_hash if installed else _id_of(choice, stock).casefold()


def _id_of(choice: EmbeddingChoice, stock: Stock) -> str:
    found = stock.embedding(choice.name) or stock.catalog_entry(choice.name)
    return found.id if found else choice.name
