"""What was left out of a catalog, a library or a shelf, and why."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that was left out, and the sentence that says why."""

    name: str
    reason: str


def first_error(error: ValidationError) -> str:
    """One sentence for the first thing that is wrong: which field, what it was, what was expected."""
    detail = error.errors()[0]
    where = ".".join(str(part) for part in detail["loc"]) or "the entry"
    return f"{where}: {detail['msg'][:1].lower()}{detail['msg'][1:]} (it is {detail['input']!r:.60})."
