"""Parse numbers written by people and other programs; None if the text isn't a number."""

from __future__ import annotations

import math
import re


def parse_int(written: str | None) -> int | None:
    return int(written) if written and re.fullmatch(r"[0-9]{1,20}", written) else None


def parse_float(written: str | None) -> float | None:
    try:
        value = float(written or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
