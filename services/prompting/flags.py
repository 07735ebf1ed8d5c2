"""Settings that members of other bots write behind a prompt: `a fish --no blur, text --ar 2:3 --seed 7`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: telephones make a dash of two hyphens
_DASHES = r"(?:--|—|–-?)"
_FLAG = re.compile(
    rf"(?:^|(?<=\s)){_DASHES}(?:"
    rf"no\s+(?P<no>(?:(?!\s{_DASHES}[a-z]).)+)"
    r"|(?:ar|aspect)\s+(?P<ratio>\d{1,3}(?:\.\d{1,3})?[:/]\d{1,3}(?:\.\d{1,3})?)(?=\s|$)"
    r"|seed\s+(?P<seed>\d{1,10})(?=\s|$)"
    r")",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Flags:
    """What was found, and the prompt without it."""

    prompt: str
    negative: str | None = None
    #: as `parse_size` reads it
    size: str | None = None
    seed: int | None = None


def take_flags(prompt: str) -> Flags:
    """Take Midjourney's `--no`, `--ar` and `--seed` out of a prompt. Of a setting that is given twice, the last one counts.

    What isn't written as one of these stays in the prompt.
    """
    found = list(_FLAG.finditer(prompt))
    if not found:
        return Flags(prompt)
    rest = re.sub(r" {2,}", " ", _FLAG.sub(" ", prompt)).strip(" ,\n")
    avoided = ", ".join(_values(found, "no"))
    sizes, seeds = list(_values(found, "ratio")), list(_values(found, "seed"))
    return Flags(rest, avoided or None, sizes[-1] if sizes else None, int(seeds[-1]) if seeds else None)


def _values(found: list[re.Match[str]], name: str) -> Iterator[str]:
    for match in found:
        if value := (match[name] or "").strip(" ,\n"):
            yield value
