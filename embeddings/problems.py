"""What was skipped while a catalog, the library or the models were loaded, and why."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or an entry that was skipped or needs attention, and a sentence that says why."""

    name: str
    reason: str


def first_error(error: ValidationError) -> str:
    """One sentence about the first invalid field: which one, what was expected, what it is."""
    detail = error.errors()[0]
    reason = detail["msg"].removeprefix("Value error, ")
    if not detail["loc"]:
        return f"{reason[:1].upper()}{reason[1:]}."
    where = ".".join(str(part) for part in detail["loc"])
    return f"{where}: {reason[:1].lower()}{reason[1:]} (got {detail['input']!r:.60})."
