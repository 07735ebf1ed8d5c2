"""Whether an embedding can work with a checkpoint, and why not."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from embeddings.architecture import Architecture
from embeddings.library import InstalledEmbedding
from services.checkpoints import CfgMode, Checkpoint


class Fit(Enum):
    """Architecture is a hard fact and decides; lineage is a soft fact and only warns."""

    FITS = "fits"
    OTHER_LINEAGE = "fits, other lineage"
    WRONG_ARCHITECTURE = "wrong architecture"
    NO_EFFECT = "no effect"

    @property
    def is_usable(self) -> bool:
        return self in {Fit.FITS, Fit.OTHER_LINEAGE}


#: lineages that are the base of their architecture: embeddings made for them work with every fine-tune
_BASES = {"sd15", "sd2", "sdxl", "demo"}


def fit_of(embedding: InstalledEmbedding, checkpoint: Checkpoint) -> Fit:
    """The fit at any CFG above 1."""
    if embedding.architecture is not checkpoint.architecture:
        return Fit.WRONG_ARCHITECTURE
    if checkpoint.cfg_mode is CfgMode.DISTILLED:
        return Fit.NO_EFFECT
    if embedding.lineage in {None, checkpoint.lineage, *_BASES} or checkpoint.lineage in _BASES:
        return Fit.FITS
    return Fit.OTHER_LINEAGE


def merit_of(embedding: InstalledEmbedding, checkpoint: Checkpoint) -> tuple[int, bool, int]:
    """Sort key of an embedding for a checkpoint, best first: recommended for it, its lineage, the catalog's rank."""
    recommended = [name.casefold() for name in checkpoint.recommended]
    name = embedding.id.casefold()
    place = recommended.index(name) if name in recommended else len(recommended)
    return place, fit_of(embedding, checkpoint) is Fit.OTHER_LINEAGE, embedding.rank


def usable_with(checkpoint: Checkpoint, embeddings: Iterable[InstalledEmbedding]) -> list[InstalledEmbedding]:
    """Embeddings that work with a checkpoint, best first."""
    usable = [embedding for embedding in embeddings if fit_of(embedding, checkpoint).is_usable]
    return sorted(usable, key=lambda embedding: (merit_of(embedding, checkpoint), embedding.id.casefold()))


def wrong_architecture(
    name: str, architecture: Architecture, checkpoint: Checkpoint, alternatives: Iterable[InstalledEmbedding]
) -> str:
    """The refusal of an embedding of another architecture; names up to three that do fit."""
    fitting = ", ".join(embedding.id for embedding in list(alternatives)[:3])
    title = checkpoint.title
    remedy = f"These fit {title}: {fitting}." if fitting else f"No embedding that fits {title} is installed yet."
    own = checkpoint.architecture.facts.title
    model = title if own.casefold() == title.casefold() else f"{title}, which is {own}"
    return f"{name} was trained for {architecture.facts.title} and can't work with {model}. {remedy}"
