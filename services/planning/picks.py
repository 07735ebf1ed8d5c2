"""The one to three negative embeddings of a request: found, told apart, and checked against the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.library import InstalledEmbedding, Library
from services.checkpoints import CfgMode, Checkpoint
from services.errors import DoesNotFit, TooManyEmbeddings, UnknownName, UserError
from services.matching import closest
from services.parameters import PlacedEmbedding
from services.planning.fit import Fit, fit_of, usable_with, wrong_architecture

MAX_STRENGTH = 2.0
#: what a member may write for "no embedding at all", where the operator allows that
NONE = {"none", "off", "-"}


@dataclass(frozen=True, slots=True)
class EmbeddingLimits:
    """How many a request carries; the minimum is 1, or 0 where the operator allows pictures without any."""

    minimum: int = 1
    maximum: int = 3


@dataclass(frozen=True, slots=True)
class Pick:
    """An embedding with the strength it is used at, from 0 to 2; 1 is as trained."""

    embedding: InstalledEmbedding
    strength: float
    fit: Fit


def pick_embeddings(
    typed: Sequence[str] | None, checkpoint: Checkpoint, library: Library, limits: EmbeddingLimits
) -> list[Pick]:
    """Resolve the names of a request, or choose the one recommended for the model if there are none.

    Raises: UserError, with the remedy.
    """
    if not typed:
        return _recommended(checkpoint, library, limits)
    if any(name.strip().casefold() in NONE for name in typed):
        if limits.minimum > 0:
            raise UserError(
                f"Every picture carries at least {limits.minimum} negative embedding here; leave the option out and the "
                f"one recommended for {checkpoint.title} is taken."
            )
        return []
    if len(typed) > limits.maximum:
        raise TooManyEmbeddings(
            f"That makes {len(typed)} embeddings: {', '.join(name[:40] for name in typed)}. More than {limits.maximum} work "
            f"against each other; leave out {len(typed) - limits.maximum}."
        )
    picks = [_pick(name, checkpoint, library) for name in typed]
    _refuse_twins(picks)
    return picks


def refuse_no_effect(picks: Sequence[Pick], checkpoint: Checkpoint, cfg: float) -> None:
    """Raise DoesNotFit where the negative prompt, and so every embedding, would do nothing."""
    if not picks:
        return
    if checkpoint.cfg_mode is CfgMode.DISTILLED:
        raise _without_guidance(checkpoint)
    if cfg <= 1:
        raise DoesNotFit(
            f"At CFG {cfg:g} the negative prompt is not used, so {picks[0].embedding.id} would have no effect; "
            f"choose a CFG above 1 ({checkpoint.cfg:g} suits {checkpoint.title})."
        )


def split_strength(typed: str) -> tuple[str, float | None]:
    """`EasyNegative:0.8` → name and strength; the strength is None where none was written.

    Raises: UserError, if it is no number from 0 to 2.
    """
    name, colon, written = typed.strip().rpartition(":")
    if not colon:
        return typed.strip(), None
    try:
        strength = float(written)
    except ValueError:
        strength = -1.0
    if not 0 <= strength <= MAX_STRENGTH:  # also refuses nan
        raise UserError(
            f"'{written[:20]}' is no strength for {name[:40]}: write a number from 0 to 2, like {name[:40]}:0.8"
        )
    return name.strip(), strength


def _without_guidance(checkpoint: Checkpoint) -> DoesNotFit:
    return DoesNotFit(
        f"{checkpoint.title} runs without guidance, so a negative embedding has no effect on it; choose another model."
    )


def _pick(typed: str, checkpoint: Checkpoint, library: Library) -> Pick:
    name, strength = split_strength(typed)
    installed = library.find(name)
    if installed is None:
        raise _not_installed(name, checkpoint, library)
    fit = fit_of(installed, checkpoint)
    if fit is Fit.WRONG_ARCHITECTURE:
        alternatives = usable_with(checkpoint, library)
        raise DoesNotFit(wrong_architecture(installed.id, installed.architecture, checkpoint, alternatives))
    return Pick(installed, installed.strength if strength is None else strength, fit)


def _not_installed(name: str, checkpoint: Checkpoint, library: Library) -> UserError:
    alternatives = usable_with(checkpoint, library)
    known = library.catalog.find(name)
    if known is None:
        near = closest(name, [embedding.id for embedding in alternatives])
        return UnknownName(
            f"There is no embedding '{name[:60]}' here. These fit {checkpoint.title}: {', '.join(near) or 'none yet'}."
        )
    if known.architecture is not checkpoint.architecture:
        return DoesNotFit(wrong_architecture(known.id, known.architecture, checkpoint, alternatives))
    return UnknownName(f"{known.id} is known but not installed here; its page is {known.source}")


def _refuse_twins(picks: Sequence[Pick]) -> None:
    seen: dict[str, Pick] = {}
    for pick in picks:
        twin = seen.setdefault(pick.embedding.content_hash, pick)
        if twin is not pick:
            names = {twin.embedding.id, pick.embedding.id}
            same = (
                f"{twin.embedding.id} stands twice"
                if len(names) == 1
                else f"{' and '.join(sorted(names))} are the same"
            )
            raise TooManyEmbeddings(f"{same}: once is enough. To make it stronger write {twin.embedding.id}:1.3")


def _recommended(checkpoint: Checkpoint, library: Library, limits: EmbeddingLimits) -> list[Pick]:
    if limits.minimum == 0:
        return []
    if checkpoint.cfg_mode is CfgMode.DISTILLED:
        raise _without_guidance(checkpoint)
    usable = usable_with(checkpoint, library)
    if not usable:
        wanted = ", ".join(checkpoint.recommended[:3]) or "one made for it"
        raise DoesNotFit(
            f"No installed embedding fits {checkpoint.title}, and every picture carries at least one: choose another model "
            f"(/model list), or have {wanted} installed."
        )
    best = usable[0]
    return [Pick(best, best.strength, fit_of(best, checkpoint))]


def placed(pick: Pick) -> PlacedEmbedding:
    """The pick as a plan carries it, vectors included."""
    installed = pick.embedding
    return PlacedEmbedding(
        id=installed.id,
        strength=pick.strength,
        num_vectors=installed.num_vectors,
        content_hash=installed.content_hash,
        file_hash=installed.file_hash,
        vectors=installed.embedding.vectors,
    )
