"""Models, embeddings and LoRAs that settings list, in the ways of A1111 ("TI hashes") and of Civitai ("Civitai resources")."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_HASH = re.compile(r"(?:0x)?([0-9a-f]{8,64})", re.IGNORECASE)
_MODELS = frozenset({"checkpoint", "model"})
_EMBEDDINGS = frozenset({"embed", "embedding", "textualinversion", "textual inversion"})
_LORAS = frozenset({"lora", "locon", "lycoris", "lyco", "dora", "hypernet", "hypernetwork"})
#: as long as any name, in characters
_MAX_NAME = 100


@dataclass(slots=True)
class Resources:
    """What was used, by its names there."""

    model: str | None = None
    model_hash: str | None = None
    #: name → first digits of its file's SHA-256, in lower case; empty where none could be read
    embeddings: dict[str, str] = field(default_factory=dict)
    #: each once
    loras: dict[str, None] = field(default_factory=dict)
    #: of other kinds, with the kind
    others: dict[str, None] = field(default_factory=dict)

    def add(self, kind: str, name: str, digits: str) -> None:
        kind, name = kind.strip().casefold(), name.strip()[:_MAX_NAME]
        if kind in _MODELS:
            self.model, self.model_hash = self.model or name or None, self.model_hash or digits or None
        elif not name:
            return
        elif kind in _EMBEDDINGS:
            self.embeddings[name] = self.embeddings.get(name) or digits
        elif kind in _LORAS:
            self.loras[name] = None
        else:
            self.others[f"{kind} {name}".strip()] = None


def read_resources(settings: Mapping[str, str]) -> Resources:
    """From settings with keys in lower case."""
    found = Resources()
    for name, digits in _named_hashes(settings.get("ti hashes", "")):
        found.add("embed", name, digits)
    for name, digits in _named_hashes(settings.get("lora hashes", "")):
        found.add("lora", name, digits)
    hashes = _json(settings.get("hashes", ""))
    for key, value in hashes.items() if isinstance(hashes, dict) else ():
        kind, _, name = key.partition(":")
        if kind != "vae":
            found.add(kind, name, read_hash(str(value)))
    resources = _json(settings.get("civitai resources", ""))
    for resource in resources if isinstance(resources, list) else ():
        if isinstance(resource, dict):
            found.add(str(resource.get("type", "")), _name(resource), read_hash(str(resource.get("hash", ""))))
    return found


def read_hash(written: str) -> str:
    """The digits in lower case; empty if it isn't a hash."""
    match = _HASH.fullmatch(written.strip())
    return match[1].lower() if match else ""


def _named_hashes(written: str) -> Iterator[tuple[str, str]]:
    """ "EasyNegative: c74b4e810b03, badhandv4: 5e40d722fc3d"."""
    for part in written.split(","):
        name, colon, value = part.rpartition(":")
        if colon:
            yield name, read_hash(value)


def _name(resource: Mapping[str, object]) -> str:
    for key in ("modelName", "name", "air"):
        if isinstance(name := resource.get(key), str) and name.strip():
            return name
    version = resource.get("modelVersionId")
    return f"Civitai version {version}" if isinstance(version, int) else ""


def _json(written: str) -> object:
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        return None
