"""How members choose negative embeddings: by name, perhaps with a strength, in the spelling of whatever program they know.

`EasyNegative`, `EasyNegative:0.8`, A1111's `(EasyNegative:0.8)` and `[EasyNegative]`, ComfyUI's `embedding:EasyNegative`,
InvokeAI's `<EasyNegative>`, SwarmUI's `<embed:EasyNegative>`, and the label of a suggestion, which Discord's clients sometimes
send instead of its value.
Spellings are read here and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from embeddings.names import RESERVED, name_key
from services.errors import UserError
from services.text import shorten

MAX_STRENGTH = 2.0
#: what one pair of A1111's round brackets multiplies by, and one of square brackets divides by
EMPHASIS = 1.1
#: what a member may type for "no embedding", where the operator allows that; one of the names that are reserved for it
NO_EMBEDDING = "none"

_COMFY = re.compile(r"embed(?:ding)?:\s*", re.IGNORECASE)
#: deeper brackets are not how anyone weights a word
_MAX_DEPTH = 8
_WEIGHTED = re.compile(
    r"(.*):\s*((?:\d{1,3}(?:[.,]\d{0,20})?|[.,]\d{1,20})(?:e-\d{1,3})?)\s*", re.DOTALL | re.IGNORECASE
)
_BRACKETS = {"(": (")", EMPHASIS), "[": ("]", 1 / EMPHASIS), "<": (">", 1.0)}
#: a comma between two choices, and not the decimal one of "EasyNegative:0,8"
_COMMA = re.compile(r",(?!\d+\s*(?:[,)\]]|$))")
#: stands between the parts of a suggestion's label
LABEL_SEPARATOR = " · "
STAR = "★ "


@dataclass(frozen=True, slots=True)
class EmbeddingChoice:
    """An embedding as it was asked for.

    Units: strength from 0 to 2, where 1 is as trained; None leaves it to the embedding's own.
    """

    name: str
    strength: float | None = None

    @property
    def key(self) -> str:
        """What every spelling of the name has in common."""
        return name_key(self.name)

    @property
    def is_nothing(self) -> bool:
        """Whether this asks for a picture without any embedding."""
        return self.key in RESERVED

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `str` wrote."""
        name, _, written = text.rpartition(":")
        try:
            return cls(name, float(written)) if name else cls(text)
        except ValueError:
            return cls(text)

    def __str__(self) -> str:
        if self.strength is None:
            return self.name
        short = f"{self.strength:g}"
        return f"{self.name}:{short if float(short) == self.strength else repr(self.strength)}"


def parse_choice(typed: str) -> EmbeddingChoice:
    """Read one embedding option.

    Raises: UserError, if what follows the colon isn't a strength.
    """
    name, strength = read_spelling(_without_label(typed))
    if strength is None and ":" in name:
        name, _, written = name.rpartition(":")
        raise _bad_strength(name, written)
    return checked(EmbeddingChoice(name, strength))


def checked(choice: EmbeddingChoice) -> EmbeddingChoice:
    """The choice.

    Raises: UserError, if its strength is out of bounds.
    """
    if choice.strength is not None and not 0 <= choice.strength <= MAX_STRENGTH:
        raise _bad_strength(choice.name, f"{choice.strength:g}")
    return choice


def parse_choices(typed: str) -> tuple[EmbeddingChoice, ...]:
    """Read a list such as `EasyNegative:0.8, BadDream`.

    Raises: UserError, as `parse_choice` does.
    """
    return tuple(map(parse_choice, split_choices(typed)))


def split_choices(typed: str) -> list[str]:
    """The parts of such a list, each in its own spelling."""
    if LABEL_SEPARATOR in typed:  # whose targets have commas between them
        return [typed]
    parts = (part.strip() for line in re.split(r"[;\n]", typed) for part in _COMMA.split(line))
    return [part for part in parts if part]


def guess_choice(typed: str) -> EmbeddingChoice:
    """What an option that is still being typed says so far, without what isn't a strength yet. Never raises."""
    text = _without_label(typed)
    if not text.endswith((")", "]", ">")):
        text = text.lstrip("([< ")
    name, strength = read_spelling(text)
    if strength is None or not 0 <= strength <= MAX_STRENGTH:
        return EmbeddingChoice(name.partition(":")[0].lstrip("([< "))
    return EmbeddingChoice(name, float(f"{strength:.4g}"))


def read_spelling(term: str) -> tuple[str, float | None]:
    """The name in a term and the weight that it is given there, None where it is given none.

    Never raises: what isn't a spelling of a name comes back as the name.
    """
    name, weight = term.strip(), None
    for _ in range(_MAX_DEPTH):
        closing, factor = _BRACKETS.get(name[:1], ("", 1.0))
        if not closing or len(name) < 3 or name[-1] != closing or not _is_one_group(name):
            break
        opening, name = name[0], name[1:-1].strip()
        if opening == "(" and (match := _WEIGHTED.fullmatch(name)):
            name, factor = match[1].strip(), _number(match[2])
        if opening != "<":
            weight = factor if weight is None else weight * factor
    if prefix := _COMFY.match(name):
        name = name[prefix.end() :].strip()
    if match := _WEIGHTED.fullmatch(name):
        name, weight = match[1].strip(), _number(match[2]) * (1.0 if weight is None else weight)
    return name, weight


def _is_one_group(term: str) -> bool:
    """Whether the bracket that a term begins with closes at its end: `(a)`, and not `(a) b (c)`."""
    depth = 0
    for match in re.finditer(r"\\.|[()\[\]<>]", term, re.DOTALL):
        depth += {"(": 1, "[": 1, "<": 1, ")": -1, "]": -1, ">": -1}.get(match[0], 0)
        if depth == 0 and match.start() < len(term) - 1:
            return False
    return depth == 0


def _without_label(typed: str) -> str:
    return typed.partition(LABEL_SEPARATOR)[0].strip().removeprefix(STAR)


def _number(written: str) -> float:
    return float(written.replace(",", "."))


def _bad_strength(name: str, written: str) -> UserError:
    example = shorten(name) or "EasyNegative"
    return UserError(
        f"Strength must be a number from 0 to {MAX_STRENGTH:g}, for example {example}:0.8; you gave '{shorten(written, 20)}'."
    )
