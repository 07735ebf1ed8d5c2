"""What is known about curated embeddings: what they are for, what they target, and how much of that is verified.

Entries are read from the TOML files in `curated/`, and from those an operator adds. Knows nothing of installed files; a
file belongs to an entry by its hash.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from embeddings.architecture import Architecture
from embeddings.embedding import MAX_VECTORS
from embeddings.names import RESERVED, name_key
from embeddings.problems import Problem, first_error

BUILT_IN = Path(__file__).parent / "curated"
CATALOG_SUFFIX = ".toml"

#: A1111 and most pages publish the first 12 hex digits of a file's SHA-256; fewer wouldn't identify it.
SHORT_HASH_DIGITS = 12


Hash = Annotated[str, Field(pattern=rf"^[0-9A-Fa-f]{{{SHORT_HASH_DIGITS},64}}$")]


class Download(BaseModel):
    """An address of a known file. The hash decides whether a download is that file, whoever serves it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern=r"^https://[a-z0-9.-]+/\S+$", max_length=500)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    #: bytes, where known
    size: int | None = Field(default=None, gt=0)


class Positive(BaseModel):
    """An embedding for the positive prompt that is easily mistaken for a negative one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=64)
    hashes: tuple[Hash, ...] = ()


class CatalogEntry(BaseModel):
    """One curated embedding. Facts that no one has checked say "unverified"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    title: str = Field(min_length=1, max_length=60)
    aliases: tuple[str, ...] = ()
    architecture: Architecture
    lineage: str
    targets: tuple[str, ...] = Field(min_length=1)
    #: SHA-256 of known files, in full or the first 12 digits
    hashes: tuple[Hash, ...] = ()
    vectors: int | None = Field(default=None, ge=1, le=MAX_VECTORS)
    #: where known files can be fetched, best first
    downloads: tuple[Download, ...] = ()
    #: its positive twin and the like, which must never be taken for it
    positives: tuple[Positive, ...] = ()
    source: str = ""
    author: str = "unverified"
    licence: str = "unverified"
    #: strength and CFG recommended by the author or by common recipes
    strength: float = Field(default=1.0, ge=0, le=2)
    cfg: float | None = None
    #: position among the curated embeddings, best first
    rank: int = 100
    conflicts: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    goes_with: tuple[str, ...] = ()
    note: str = ""
    #: a prompt whose picture shows the embedding's effect
    sample: str = Field(default="", max_length=200)
    #: used only in age-restricted channels
    age_restricted: bool = False

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        keys = {name_key(name) for name in self.names}
        if reserved := keys & RESERVED:
            raise ValueError(f"'{min(reserved)}' is a reserved word, not a name")
        for positive in self.positives:
            if name_key(positive.name) in keys:
                raise ValueError(f"'{positive.name}' can't be a name of the negative and of the positive embedding")
        for download in self.downloads:
            if not self.has_file(download.sha256):
                raise ValueError(f"the hash of {download.url} isn't listed in hashes")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return (self.id, self.title, *self.aliases)

    def has_file(self, file_hash: str) -> bool:
        """Whether a file with this SHA-256 is a known file of this embedding."""
        return _lists(self.hashes, file_hash)


@dataclass(frozen=True)
class Catalog:
    """All curated entries. Names are compared ignoring case, as CLIP's tokenizer does."""

    entries: tuple[CatalogEntry, ...] = ()
    problems: tuple[Problem, ...] = ()
    _by_name: dict[str, CatalogEntry] = field(init=False, repr=False)
    #: by the first digits of a known hash, so that thousands of files can be identified quickly
    _by_hash: dict[str, list[CatalogEntry]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_name: dict[str, CatalogEntry] = {}
        by_hash: dict[str, list[CatalogEntry]] = {}
        for entry in self.entries:
            for name in entry.names:
                by_name.setdefault(name_key(name), entry)
            for known in entry.hashes:
                by_hash.setdefault(known[:SHORT_HASH_DIGITS].lower(), []).append(entry)
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_by_hash", by_hash)

    def __iter__(self) -> Iterator[CatalogEntry]:
        return iter(self.entries)

    def find(self, name: str) -> CatalogEntry | None:
        """The entry with this id, title or alias."""
        return self._by_name.get(name_key(name))

    def identify(self, file_hash: str) -> CatalogEntry | None:
        """The entry that a file with this SHA-256 belongs to."""
        candidates = self._by_hash.get(file_hash[:SHORT_HASH_DIGITS], ())
        return next((entry for entry in candidates if entry.has_file(file_hash)), None)

    def negative_of(self, file_hash: str) -> CatalogEntry | None:
        """The entry of the negative embedding that a positive one with this SHA-256 is easily mistaken for."""
        return next(
            (entry for entry in self.entries for twin in entry.positives if _lists(twin.hashes, file_hash)), None
        )


def _lists(hashes: Iterable[str], file_hash: str) -> bool:
    return any(file_hash.startswith(known.lower()) for known in hashes)


def other_file_of(entry: CatalogEntry) -> str:
    """The warning for a file that has the entry's name, but none of its hashes."""
    return f"This file is named like '{entry.id}', but it isn't a known file of that embedding; use it with care."


def positive_twin_of(entry: CatalogEntry) -> str:
    """The warning for a positive embedding that is easily mistaken for the entry's negative one."""
    return f"This is a positive embedding, for the prompt; the negative one of the same family is '{entry.id}'."


def read_catalog(folders: Iterable[Path] = (BUILT_IN,)) -> Catalog:
    """Read every `*.toml` in `folders`. A broken file or entry is reported in `problems` and skipped."""
    entries: dict[str, CatalogEntry] = {}
    problems: list[Problem] = []
    for path in (path for folder in folders for path in sorted(folder.glob(f"*{CATALOG_SUFFIX}"))):
        try:
            raw_entries = _raw_entries(path)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            problems.append(Problem(path.name, f"This catalog file can't be read: {reason}."))
            continue
        for number, raw in enumerate(raw_entries, start=1):
            name = raw.get("id", f"entry {number}") if isinstance(raw, dict) else f"entry {number}"
            try:
                entry = CatalogEntry.model_validate(raw)
            except ValidationError as error:
                problems.append(Problem(f"{path.name}: {name}", first_error(error)))
                continue
            if entry.id.casefold() in entries:
                problems.append(
                    Problem(f"{path.name}: {name}", "Another entry already has this id, so this one is ignored.")
                )
            else:
                entries[entry.id.casefold()] = entry
    ordered = sorted(entries.values(), key=lambda entry: (entry.rank, entry.id.casefold()))
    return Catalog(tuple(ordered), tuple(problems))


def _raw_entries(path: Path) -> list[object]:
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("embedding", [])
    return entries if isinstance(entries, list) else [entries]
