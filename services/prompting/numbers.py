"""Numbers as people and other programs write them; None for what is not one."""

from __future__ import annotations

import math
import re


def whole_number(written: str | None) -> int | None:
    return int(written) if written and re.fullmatch(r"[0-9]{1,20}", written) else None


def number(written: str | None) -> float | None:
    try:
        value = float(written or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
