"""Read A1111's "parameters" text, whatever program wrote it. A missing or senseless value is None; nothing raises.

Source: A1111's own reader: the last line with enough pairs holds the settings; the text before it is the prompt, up to the line
that starts with "Negative prompt:". Hashes of embeddings are in A1111's "TI hashes" or in Civitai's "Hashes".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from services.prompting.numbers import parse_float, parse_int

NEGATIVE = "Negative prompt:"
#: fewer pairs than this could be words of a prompt
_ENOUGH_PAIRS = 3
#: whatever uses A1111's format writes at least one of these
_USUAL = frozenset({"steps", "sampler", "cfg scale", "seed", "size", "model", "model hash"})
_KEY = re.compile(r"\s*(\w[\w \-/]{0,60}):\s*")
_QUOTED = re.compile(r'"(?:\\.|[^\\"])*"')
_END = re.compile(r"\s*(,|$)")
_SIZE = re.compile(r"(\d{1,5})\s*[x×]\s*(\d{1,5})")
_HASH = re.compile(r"(?:0x)?([0-9a-f]{8,64})", re.IGNORECASE)
#: JSON can spell them, but PostgreSQL can't store them
_SURROGATES = re.compile("[\ud800-\udfff]")
_PREFIX = "embed:"
_JSON = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Infotext:
    """What a picture's text says, as it is written there."""

    prompt: str
    negative: str
    steps: int | None = None
    sampler: str | None = None
    #: newer versions of A1111 write "Karras" here, older ones at the end of the sampler's name
    schedule: str | None = None
    cfg: float | None = None
    seed: int | None = None
    size: str | None = None
    model: str | None = None
    model_hash: str | None = None
    clip_skip: int | None = None
    version: str | None = None
    #: embedding name → first digits of its file's SHA-256, in lower case; empty where none could be read
    hashes: Mapping[str, str] = field(default_factory=dict)
    #: the keys of all pairs, as written
    keys: tuple[str, ...] = ()


def read_infotext(text: str) -> Infotext | None:
    """What the text says, or None if it isn't in A1111's format."""
    lines = text.replace("\r\n", "\n").strip().split("\n")
    place = next((n for n in reversed(range(len(lines))) if _are_settings(lines[n])), None)
    settings = read_settings("" if place is None else lines[place])
    words = lines if place is None else lines[:place]
    start = next((n for n, line in enumerate(words) if line.startswith(NEGATIVE)), None)
    if place is None and start is None:
        return None
    prompt = "\n".join(words[:start]).strip()
    negative = "" if start is None else "\n".join(words[start:]).removeprefix(NEGATIVE).strip()
    return _infotext(prompt, negative, settings)


def read_settings(line: str) -> dict[str, str]:
    """The pairs of a line, "Steps: 20, Sampler: Euler", by their keys as written; anything else is skipped."""
    return {key: value for key, value in pieces(line) if key and value}


def pieces(line: str) -> Iterator[tuple[str, str]]:
    """The parts of a line between its commas: keys with their values; the key is empty where there is none."""
    place = 0
    while place < len(line):
        key = _KEY.match(line, place)
        value, place = _value(line, key.end() if key else place)
        yield (key[1].strip() if key else ""), value


def size(written: str | None) -> str | None:
    """As "512x768"."""
    match = _SIZE.fullmatch(written or "")
    return f"{int(match[1])}x{int(match[2])}" if match else None


def _infotext(prompt: str, negative: str, settings: Mapping[str, str]) -> Infotext:
    known = {key.casefold(): value for key, value in settings.items()}
    civitai = _civitai_hashes(known.get("hashes", ""))
    model_hash = _HASH.fullmatch(known.get("model hash") or civitai.get("model", ""))
    embeddings = {
        key.removeprefix(_PREFIX): _digits(value) for key, value in civitai.items() if key.startswith(_PREFIX)
    }
    return Infotext(
        prompt=prompt,
        negative=negative,
        steps=parse_int(known.get("steps")),
        sampler=known.get("sampler"),
        schedule=known.get("schedule type"),
        cfg=parse_float(known.get("cfg scale")),
        seed=parse_int(known.get("seed")),
        size=size(known.get("size")),
        model=known.get("model"),
        model_hash=model_hash[1].lower() if model_hash else None,
        clip_skip=parse_int(known.get("clip skip")),
        version=known.get("version"),
        hashes=_hashes(known.get("ti hashes", "")) or embeddings,
        keys=tuple(settings),
    )


def _are_settings(line: str) -> bool:
    keys = read_settings(line)
    return len(keys) >= _ENOUGH_PAIRS and any(key.casefold() in _USUAL for key in keys)


def _value(line: str, start: int) -> tuple[str, int]:
    """The value at `start`, and where the next pair begins. JSON and quoted text end where they close, the rest at a comma."""
    if line[start : start + 1] in ("{", "["):
        end = _end_of_json(line, start)
        if end is not None and (after := _END.match(line, end)):
            return line[start:end], after.end()
    quoted = _QUOTED.match(line, start)
    if quoted and (after := _END.match(line, quoted.end())):
        try:
            return _SURROGATES.sub("", str(json.loads(quoted[0]))).strip(), after.end()
        except ValueError:
            return quoted[0][1:-1].strip(), after.end()
    comma = line.find(",", start)
    end = len(line) if comma < 0 else comma
    return line[start:end].strip(), end + 1


def _end_of_json(line: str, start: int) -> int | None:
    try:
        return _JSON.raw_decode(line, start)[1]
    except (ValueError, RecursionError):
        return None


def _hashes(written: str) -> dict[str, str]:
    """ "EasyNegative: c74b4e810b03, badhandv4: 5e40d722fc3d" by names."""
    parts = (part.rpartition(":") for part in written.split(","))
    return {name.strip(): _digits(value) for name, colon, value in parts if colon and name.strip()}


def _digits(written: str) -> str:
    match = _HASH.fullmatch(written.strip())
    return match[1].lower() if match else ""


def _civitai_hashes(written: str) -> dict[str, str]:
    try:
        table = json.loads(written)
    except (ValueError, RecursionError):
        return {}
    return {key: str(value) for key, value in table.items()} if isinstance(table, dict) else {}
