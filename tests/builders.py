"""Small builders for what most tests need: plans, jobs, embedding files, a library of them, a shelf of models, a stock."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from embeddings.architecture import Architecture
from embeddings.catalog import Catalog, CatalogEntry
from embeddings.embedding import Embedding
from embeddings.library import InstalledEmbedding, Library
from embeddings.overlay import ReadableLibrary
from embeddings.writer import write_file
from services.checkpoints import Checkpoint, Shelf
from services.choices import EmbeddingChoice
from services.jobs import Job, JobId, JobState, ReplyTarget
from services.parameters import GenerationParameters, PlacedEmbedding
from services.stock import EmbeddingLimits, Stock

REPOSITORY = Path(__file__).parents[1]
DEMO_CHECKPOINT = REPOSITORY / "demo" / "checkpoint"
DEMO_EMBEDDINGS = REPOSITORY / "demo" / "embeddings"

#: settings that suit each architecture's encoders; the size is the smallest that is still typical
_SIDES = {Architecture.DEMO: (64, 16, 48, 96), Architecture.SDXL: (1024, 8, 512, 1536)}
_USUAL_SIDES = (512, 8, 256, 1024)


def an_embedding(architecture: Architecture = Architecture.DEMO, *, vectors: int = 2, seed: int = 0) -> Embedding:
    """Vectors as long as real ones; another seed gives other vectors."""
    numbers = np.random.default_rng(seed)
    return Embedding(
        architecture,
        {
            encoder: numbers.normal(0, 0.03, (vectors, width)).astype(np.float32)
            for encoder, width in architecture.facts.encoders.items()
        },
    )


def embedding_file(
    folder: Path, name: str, architecture: Architecture = Architecture.DEMO, *, vectors: int = 2, seed: int = 0
) -> Path:
    """A real safetensors file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    write_file(path, an_embedding(architecture, vectors=vectors, seed=seed), title=name, provenance={})
    return path


def an_entry(name: str, architecture: Architecture = Architecture.DEMO, **more: Any) -> CatalogEntry:
    """A catalog entry that any file with that name and architecture belongs to."""
    known: dict[str, Any] = {"title": name, "lineage": architecture.value, "targets": ("general quality",)}
    return CatalogEntry(id=name, architecture=architecture, **{**known, **more})


def a_library(folder: Path, names: Iterable[str] = (), entries: Iterable[CatalogEntry] = ()) -> Library:
    """A library of the files in `folder`, to which an embedding for the demo model is added for each of `names`.

    Their seeds count from 1.
    """
    for seed, name in enumerate(names, start=1):
        embedding_file(folder, name, seed=seed)
    library = Library(Catalog(tuple(entries)))
    library.scan([folder])
    return library


def installed(name: str, architecture: Architecture = Architecture.DEMO, **more: Any) -> InstalledEmbedding:
    """An installed embedding without a file; `more` goes into its catalog entry."""
    vectors, seed = more.pop("vectors", 2), more.pop("seed", zlib.crc32(name.encode()))
    embedding = an_embedding(architecture, vectors=vectors, seed=seed)
    entry = an_entry(name, architecture, **more) if more else None
    return InstalledEmbedding(name, Path(f"{name}.safetensors"), embedding, f"{seed:064x}", entry)


def a_checkpoint(name: str = "demo", architecture: Architecture = Architecture.DEMO, **more: Any) -> Checkpoint:
    """A described model."""
    side, multiple, low, high = _SIDES.get(architecture, _USUAL_SIDES)
    known: dict[str, Any] = {
        "title": name.title(),
        "lineage": architecture.value,
        "path": name,
        "width": side,
        "height": side,
        "multiple": multiple,
        "min_side": low,
        "max_side": high,
    }
    return Checkpoint(id=name, architecture=architecture, **{**known, **more})


def a_shelf(folder: Path, *checkpoints: Checkpoint, missing: Iterable[Checkpoint] = ()) -> Shelf:
    """A shelf where `checkpoints` are installed as far as planning can tell: an index file and a tokenizer."""
    for checkpoint in checkpoints:
        location = checkpoint.location(folder)
        location.mkdir(parents=True, exist_ok=True)
        (location / "model_index.json").write_text("{}")
        shutil.copytree(DEMO_CHECKPOINT / "tokenizer", location / "tokenizer", dirs_exist_ok=True)
    return Shelf((*checkpoints, *missing), folder)


def a_stock(
    library: ReadableLibrary | None = None,
    shelf: Shelf | None = None,
    *,
    limits: EmbeddingLimits | None = None,
    default_model: str = "demo",
) -> Stock:
    """A stock of these embeddings and models; without them, an empty one."""
    return Stock(
        library=Library(Catalog(())) if library is None else library,
        shelf=Shelf((), Path()) if shelf is None else shelf,
        limits=limits or EmbeddingLimits(),
        default_model=default_model,
    )


def choices(*written: str) -> tuple[EmbeddingChoice, ...]:
    """Embedding choices from "name" or "name:strength"; strengths out of bounds aren't refused."""
    return tuple(map(EmbeddingChoice.from_text, written))


#: what the tensors' names begin with in a file that has all parts of a model, in the original layout
WHOLE = ("model.diffusion_model.", "first_stage_model.", "cond_stage_model.")


def a_single_file(path: Path, parts: Iterable[str] = WHOLE) -> Path:
    """A file that looks like a whole checkpoint until it is loaded: it has one tensor of each part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({f"{part}weight": np.ones(4, np.float32) for part in parts}, path)
    return path


def a_placed(
    name: str = "demo-artifacts", *, strength: float = 1.0, vectors: int = 2, seed: int = 0
) -> PlacedEmbedding:
    """An embedding of the demo's architecture, as plans carry it."""
    embedding = an_embedding(vectors=vectors, seed=seed)
    return PlacedEmbedding(name, strength, vectors, embedding.content_hash, f"{seed:064x}", embedding.vectors)


def a_plan(**more: Any) -> GenerationParameters:
    """A small plan for the demo model."""
    known: dict[str, Any] = {
        "checkpoint": "demo",
        "prompt": "a red fish in the sea",
        "negative": "",
        "embeddings": (a_placed(),),
        "cfg": 4.0,
        "steps": 2,
        "width": 48,
        "height": 48,
        "seed": 7,
        "count": 1,
        "sampler": "euler",
    }
    return GenerationParameters(**{**known, **more})


def a_target(member_id: int = 1, **more: Any) -> ReplyTarget:
    """Somewhere to answer."""
    return ReplyTarget(**{"guild_id": 10, "channel_id": 20, "member_id": member_id, **more})


def a_job(number: int = 1, member_id: int = 1, *, attempts: int = 0, **plan: Any) -> Job:
    """A queued job without a row; `plan` goes into its plan."""
    return Job(
        id=JobId(number),
        state=JobState.QUEUED,
        parameters=a_plan(**plan),
        target=a_target(member_id),
        asked_at=datetime.now(UTC),
        attempts=attempts,
    )
