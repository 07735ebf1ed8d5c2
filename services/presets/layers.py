"""Lay a request over the presets that apply where it was made: what a member types wins, unless a preset locks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.choices import EmbeddingChoice
from services.presets.fields import LOCKABLE
from services.requests import GenerationRequest, Preset
from services.text import and_list


@dataclass(frozen=True, slots=True)
class Filled:
    """A request with everything that presets add to it."""

    request: GenerationRequest
    #: sentences for the member, such as which of their settings a preset overrode
    notes: tuple[str, ...] = ()
    #: the preset that was named, and the default presets below it
    named: Preset | None = None
    defaults: tuple[Preset, ...] = ()
    #: those of them that had a say in it
    used: tuple[Preset, ...] = ()
    #: whether the member wants to see the answer alone
    is_private: bool = False


def lay_over(typed: GenerationRequest, named: Preset | None, defaults: Sequence[Preset]) -> Filled:
    """The request over the named preset, over the defaults in their order.

    Typed embeddings are added to those of a named preset, since the member asked for both; a default preset's embeddings apply
    only where nobody named any. A setting that any of the presets locks is not taken from the request; among presets the order
    above decides.
    """
    presets = [*([named] if named else []), *defaults]
    locks = {field: preset for preset in reversed(presets) for field in preset.locked}  # the first that locks is named
    free = replace(typed, **dict.fromkeys(locks))
    request = free
    if named is not None:
        together = _together(free.embeddings, named.request.embeddings)
        request = GenerationRequest(embeddings=together).over(free).over(named.request)
    used = [named] if named else []
    for default in defaults:
        below = request.over(default.request)
        if below != request or default.locked:
            used.append(default)
        request = below
    return Filled(request, tuple(_notes(typed, request, locks)), named, tuple(defaults), tuple(used))


def choice_keys(choices: Sequence[EmbeddingChoice] | None) -> set[str]:
    """What tells the embeddings of a request apart."""
    return {choice.key for choice in choices or ()}


def _together(
    typed: tuple[EmbeddingChoice, ...] | None, preset: tuple[EmbeddingChoice, ...] | None
) -> tuple[EmbeddingChoice, ...] | None:
    """Both lists; an embedding typed again, perhaps at another strength, replaces the preset's."""
    if not typed and not preset:
        return None
    again = choice_keys(typed)
    kept = tuple(choice for choice in preset or () if choice.key not in again)
    return (*kept, *(typed or ())) or None


def _notes(typed: GenerationRequest, request: GenerationRequest, locks: Mapping[str, Preset]) -> Iterator[str]:
    by_preset: dict[str, list[str]] = {}
    for field in LOCKABLE:
        value = getattr(typed, field)
        if field in locks and value is not None and value != getattr(request, field):
            by_preset.setdefault(locks[field].name, []).append(field)
    for name, fields in by_preset.items():
        yield f"Preset '{name}' locks {and_list(fields)}, so what you typed for {_them(fields)} wasn't used."


def _them(fields: Sequence[str]) -> str:
    return "it" if len(fields) == 1 and fields[0] not in ("steps", "embeddings") else "them"
