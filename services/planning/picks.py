"""Resolve the one to three negative embeddings of a request and check them against the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from embeddings.library import InstalledEmbedding
from services.checkpoints import CfgMode, Checkpoint
from services.choices import EmbeddingChoice, checked
from services.errors import DoesNotFit, NotInstalled, TooManyEmbeddings, UnknownName, UserError
from services.matching import closest
from services.parameters import PlacedEmbedding
from services.planning.fit import Fit, fit_of, usable_with, wrong_architecture
from services.remedies import Remedy
from services.stock import Stock
from services.text import and_list, shorten

MAX_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True)
class Pick:
    """An embedding at the strength it is used with, from 0 to 2; 1 is as trained."""

    embedding: InstalledEmbedding
    strength: float
    fit: Fit


def pick_embeddings(choices: Sequence[EmbeddingChoice] | None, checkpoint: Checkpoint, stock: Stock) -> list[Pick]:
    """Resolve the embeddings of a request, or pick the one recommended for the model if there are none.

    Raises: UserError, with the remedy.
    """
    if not choices:
        return _recommended(checkpoint, stock)
    minimum, maximum = stock.limits.minimum, stock.limits.maximum
    if any(choice.is_nothing for choice in choices):
        if minimum > 0:
            raise UserError(
                f"Every picture here uses at least {minimum} negative embedding. Leave the option out to get the one "
                f"recommended for {checkpoint.title}."
            )
        return []
    if len(choices) > maximum:
        names = ", ".join(shorten(choice.name) for choice in choices)
        raise TooManyEmbeddings(
            f"That's {len(choices)} embeddings: {names}. More than {maximum} work against each other; "
            f"leave out {len(choices) - maximum}.",
            instead(f"Draw with the first {maximum}", choices[:maximum]),
        )
    picks = [_pick(checked(choice), choices, checkpoint, stock) for choice in choices]
    _refuse_duplicates(picks, choices)
    # a conditioning has a chunk of its own: first, so that the others share theirs with the words
    return sorted(picks, key=lambda pick: not pick.embedding.embedding.is_conditioning)


def refuse_no_effect(picks: Sequence[Pick], checkpoint: Checkpoint, cfg: float) -> None:
    """Raise DoesNotFit where the negative prompt, and so every embedding, would do nothing."""
    if not picks:
        return
    if checkpoint.cfg_mode is CfgMode.DISTILLED:
        raise _without_guidance(checkpoint)
    if cfg <= 1:
        raise DoesNotFit(
            f"At CFG {cfg:g} the negative prompt isn't used, so {picks[0].embedding.id} would have no effect. "
            f"Choose a CFG above 1; {checkpoint.cfg:g} suits {checkpoint.title}.",
            Remedy(f"Draw with CFG {checkpoint.cfg:g}", {"cfg": checkpoint.cfg}),
        )


def placed(pick: Pick) -> PlacedEmbedding:
    """The pick as a plan carries it, vectors included."""
    embedding = pick.embedding
    return PlacedEmbedding(
        id=embedding.id,
        strength=pick.strength,
        num_vectors=embedding.num_vectors,
        content_hash=embedding.content_hash,
        file_hash=embedding.file_hash,
        vectors=embedding.embedding.vectors,
    )


def _without_guidance(checkpoint: Checkpoint) -> DoesNotFit:
    return DoesNotFit(
        f"{checkpoint.title} runs without classifier-free guidance, so a negative embedding has no effect on it; "
        "choose another model."
    )


def instead(label: str, choices: Iterable[EmbeddingChoice]) -> Remedy:
    """These embeddings in place of those that a request names."""
    return Remedy(label, {"embeddings": [str(choice) for choice in choices]})


def _pick(choice: EmbeddingChoice, choices: Sequence[EmbeddingChoice], checkpoint: Checkpoint, stock: Stock) -> Pick:
    embedding = stock.embedding(choice.name)
    if embedding is None:
        raise _not_installed(choice, choices, checkpoint, stock)
    fit = fit_of(embedding, checkpoint)
    if fit is Fit.WRONG_ARCHITECTURE:
        alternatives = usable_with(checkpoint, stock.library)
        sentence = wrong_architecture(embedding.id, embedding.architecture, checkpoint, alternatives)
        raise DoesNotFit(sentence, _with_another(alternatives[:1], choice, choices))
    return Pick(embedding, embedding.strength if choice.strength is None else choice.strength, fit)


def _not_installed(
    choice: EmbeddingChoice, choices: Sequence[EmbeddingChoice], checkpoint: Checkpoint, stock: Stock
) -> UserError:
    alternatives = usable_with(checkpoint, stock.library)
    best = _with_another(alternatives[:1], choice, choices)
    known = stock.catalog_entry(choice.name)
    if known is None:
        near = closest(choice.name, [embedding.id for embedding in alternatives], MAX_ALTERNATIVES)
        nearest = [embedding for embedding in alternatives if embedding.id in near[:1]]
        return UnknownName(
            f"There's no embedding '{shorten(choice.name)}' here. These fit {checkpoint.title}: "
            f"{', '.join(near) or 'none yet'}.",
            _with_another(nearest, choice, choices),
        )
    if known.architecture is not checkpoint.architecture:
        return DoesNotFit(wrong_architecture(known.id, known.architecture, checkpoint, alternatives), best)
    how = (
        "/embedding install" if known.downloads else f"its page is {known.source}" if known.source else "it has no page"
    )
    sentence = f"{known.id} is known but not installed here; someone who manages the server can install it ({how})."
    return NotInstalled(sentence, known.id, best)


def _with_another(
    others: Sequence[InstalledEmbedding], choice: EmbeddingChoice, choices: Sequence[EmbeddingChoice]
) -> Remedy | None:
    """The first of `others` in place of a choice, or the rest of the choices if it is among them."""
    if not others:
        return None
    other = replace(choice, name=others[0].id)
    rest = [known for known in choices if known is not choice]
    if other.key in {known.key for known in rest}:
        return instead(f"Draw without {shorten(choice.name, 40)}", rest)
    label = f"Draw with {shorten(other.name, 60)}"
    return instead(label, [other if known is choice else known for known in choices])


def _refuse_duplicates(picks: Sequence[Pick], choices: Sequence[EmbeddingChoice]) -> None:
    seen: dict[str, Pick] = {}
    for pick in picks:
        twin = seen.setdefault(pick.embedding.content_hash, pick)
        if twin is not pick:
            names = sorted({twin.embedding.id, pick.embedding.id})
            same = f"{names[0]} is listed twice" if len(names) == 1 else f"{and_list(names)} are the same embedding"
            once = [choice for other, choice in zip(picks, choices, strict=True) if other is not pick]
            raise TooManyEmbeddings(
                f"{same}; for a stronger effect write {twin.embedding.id}:1.3", instead("Use it once", once)
            )


def _recommended(checkpoint: Checkpoint, stock: Stock) -> list[Pick]:
    if stock.limits.minimum == 0:
        return []
    if checkpoint.cfg_mode is CfgMode.DISTILLED:
        raise _without_guidance(checkpoint)
    usable = usable_with(checkpoint, stock.library)
    if not usable:
        wanted = ", ".join(checkpoint.recommended[:MAX_ALTERNATIVES]) or "one made for it"
        raise DoesNotFit(
            f"No installed embedding fits {checkpoint.title}, and every picture here needs at least one. Choose another "
            f"model (/model list), or have {wanted} installed."
        )
    best = usable[0]
    return [Pick(best, best.strength, fit_of(best, checkpoint))]
