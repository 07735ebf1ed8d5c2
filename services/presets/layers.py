"""Lay a wish over the presets that apply where it was made: what is typed counts most, unless a preset fixes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.presets.lines import LOCKABLE
from services.requests import GenerationRequest, Preset


@dataclass(frozen=True, slots=True)
class Filled:
    """A wish with all that the presets add to it."""

    request: GenerationRequest
    #: sentences for the member: what was typed and did not count
    notes: tuple[str, ...] = ()
    #: the preset that was named, and those that lie under it
    named: Preset | None = None
    defaults: tuple[Preset, ...] = ()


def lay_over(typed: GenerationRequest, named: Preset | None, defaults: Sequence[Preset]) -> Filled:
    """The wish over the preset named, over the defaults in their order.

    Embeddings typed are added to those of a preset that was named, since both were asked for; a default preset's
    embeddings count only where nobody named any. What any of the presets has locked is not taken from the wish; among
    presets the order stays.
    """
    presets = [*([named] if named else []), *defaults]
    locks = {field: preset for preset in reversed(presets) for field in preset.locked}  # the first that locks is named
    free = replace(typed, **dict.fromkeys(locks))
    request = free
    if named is not None:
        together = _together(free.embeddings, named.request.embeddings)
        request = GenerationRequest(embeddings=together).over(free).over(named.request)
    for default in defaults:
        request = request.over(default.request)
    return Filled(request, tuple(_notes(typed, request, locks)), named, tuple(defaults))


def embedding_keys(names: Sequence[str] | None) -> set[str]:
    """What tells embeddings apart in a wish: their names without strength and case."""
    return {name.partition(":")[0].strip().casefold() for name in names or ()}


def _together(typed: tuple[str, ...] | None, preset: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Both lists; one that is typed anew, perhaps with another strength, replaces the preset's."""
    anew = embedding_keys(typed)
    kept = tuple(name for name in preset or () if not embedding_keys([name]) & anew)
    return ((*kept, *(typed or ())) or None) if (typed or preset) else None


def _notes(typed: GenerationRequest, request: GenerationRequest, locks: Mapping[str, Preset]) -> Iterator[str]:
    by_preset: dict[str, list[str]] = {}
    for field in LOCKABLE:
        value = getattr(typed, field)
        if field in locks and value is not None and value != getattr(request, field):
            by_preset.setdefault(locks[field].name, []).append(field)
    for name, fields in by_preset.items():
        is_one = len(fields) == 1 and fields[0] not in ("steps", "embeddings")
        listed = " and ".join(filter(None, (", ".join(fields[:-1]), fields[-1])))
        verb = "is" if is_one else "are"
        yield f"{listed} {verb} fixed by preset '{name}', so yours did not count."
