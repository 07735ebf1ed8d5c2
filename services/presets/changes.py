"""Changes to a preset: those that are typed as options, and those that come from a form."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.presets.lines import FIELDS, LOCKABLE, read_embeddings, read_fields, read_settings
from services.requests import GenerationRequest, Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Only what is given changes. `remove` goes first, so that something else can be put in the place."""

    #: without embeddings
    settings: GenerationRequest
    #: each in its place: the second replaces the preset's second
    embeddings: tuple[str | None, ...] = ()
    #: the locks that there are from now on; "none" for none
    locked: str | None = None
    #: settings to take away
    remove: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.settings.as_json() or any(self.embeddings) or self.locked or self.remove)

    def on(self, preset: Preset) -> Preset:
        """The preset with the change.

        Raises: UserError.
        """
        removed = read_fields(self.remove or "", FIELDS)
        base = replace(preset.request, **dict.fromkeys(removed))
        settings = replace(self.settings, embeddings=self._in_places(base.embeddings or ())).over(base)
        locked = preset.locked if self.locked is None else read_fields(self.locked, LOCKABLE)
        return replace(preset, request=settings, locked=locked)

    def _in_places(self, names: tuple[str, ...]) -> tuple[str, ...] | None:
        placed = list(names)
        for place, name in enumerate(self.embeddings):
            if name:
                placed[place : place + 1] = [name]  # at the end, where there is nothing in its place
        return tuple(placed) or None


def from_form(
    preset: Preset, *, negative: str, prompt: str, embeddings: str, settings: str, locked: tuple[str, ...]
) -> Preset:
    """The preset as a form has it: what is empty there is not set any more.

    Raises: UserError.
    """
    request = GenerationRequest(
        negative=negative.strip() or None,
        prompt=prompt.strip() or None,
        embeddings=read_embeddings(embeddings),
        seed=preset.request.seed,
        **read_settings(settings),
    )
    return replace(preset, request=request, locked=tuple(field for field in LOCKABLE if field in locked))
