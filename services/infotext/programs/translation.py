"""What is read from another program's metadata, and the same in A1111's format.

In that format it passes through everything that is there for A1111's pictures: the card, its button, and the notes about
what can't be used here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from services.infotext.writer import write_settings
from services.samplers import SAMPLERS, parse_sampler
from services.text import plain_number, shorten

#: schedules that A1111 has no name for, since they are what a sampler has by itself
_PLAIN_SCHEDULES = frozenset({"", "normal", "native", "automatic"})
#: characters of a value that isn't used here
_MAX_VALUE = 60
#: of a key in A1111's format
_NOT_IN_KEYS = re.compile(r"[^\w \-/]+")


@dataclass(slots=True)
class Translation:
    """Prompts and settings by A1111's names for them."""

    prompt: str = ""
    negative: str = ""
    pairs: dict[str, object] = field(default_factory=dict)
    #: name → strength
    loras: dict[str, object] = field(default_factory=dict)
    #: whatever has no name in A1111's format
    others: dict[str, object] = field(default_factory=dict)

    def set_sampler(self, sampler: object, schedule: object = None) -> None:
        name = str(sampler or "").removeprefix("k_").removeprefix("sample_k_")
        if name.endswith(("_k", "_ka")) and not schedule:  # InvokeAI's and older programs' suffix for Karras
            name, schedule = name.rpartition("_")[0], "Karras"
        plain = str(schedule or "").casefold() in _PLAIN_SCHEDULES
        known = parse_sampler(name)
        self.pairs["Sampler"] = SAMPLERS[known] if known else name or None
        self.pairs["Schedule type"] = None if plain else str(schedule).capitalize()

    def write(self, program: str) -> str:
        """The text, which names the program as the one whose format it was."""
        loras = "".join(f" <lora:{_bare(name)}:{weight}>" for name, weight in self.loras.items())
        others = {_key(key): _short(value) for key, value in self.others.items() if _key(key) not in self.pairs}
        pairs = {key: plain_number(value) for key, value in self.pairs.items() if value not in (None, "")}
        settings = write_settings({**pairs, **others, "Version": program})
        negative = f"Negative prompt: {self.negative.strip()}" if self.negative.strip() else ""
        return "\n".join(filter(None, ((self.prompt.strip() + loras).strip(), negative, settings)))


def file_name(path: object) -> str:
    """A model's name without its folders and its ending."""
    name = str(path or "").replace("\\", "/").rpartition("/")[2]
    return (
        name if PurePosixPath(name).suffix not in (".safetensors", ".ckpt", ".pt", ".sft") else PurePosixPath(name).stem
    )


def parse_object(text: str | None) -> Mapping[str, object]:
    """A JSON object; empty for anything else."""
    try:
        value = json.loads((text or "").strip().strip("\0"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _bare(name: str) -> str:
    return re.sub(r"[<>:\n]", " ", name)


def _key(written: str) -> str:
    return _NOT_IN_KEYS.sub(" ", written).strip("- /")[:60].strip() or "unnamed"


def _short(value: object) -> str:
    try:
        return shorten(value if isinstance(value, str) else json.dumps(value), _MAX_VALUE)
    except (ValueError, RecursionError):
        return "…"
