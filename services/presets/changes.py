"""Changes to a preset, by options or by a form."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.choices import EmbeddingChoice, parse_choices
from services.infotext.settings_line import read_settings_line
from services.presets.fields import FIELDS, IN_LINE, LOCKABLE, read_fields
from services.requests import GenerationRequest, Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Only what is given changes. `remove` applies first, so that something else can be put in its place."""

    #: without embeddings
    settings: GenerationRequest
    #: what each option names, in its place: the second replaces the preset's second embedding
    embeddings: tuple[tuple[EmbeddingChoice, ...], ...] = ()
    #: the locks from now on; "none" for none
    locked: str | None = None
    #: settings to take out
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

    def _in_places(self, before: tuple[EmbeddingChoice, ...]) -> tuple[EmbeddingChoice, ...] | None:
        places: list[tuple[EmbeddingChoice, ...]] = [(choice,) for choice in before]
        places += [()] * (len(self.embeddings) - len(before))
        for place, choices in enumerate(self.embeddings):
            if choices:
                places[place] = choices
        return tuple(choice for choices in places for choice in choices) or None


def from_form(
    preset: Preset, *, negative: str, prompt: str, embeddings: str, settings: str, locked: tuple[str, ...]
) -> Preset:
    """The preset as the form has it: a field that was cleared is no longer set.

    Raises: UserError.
    """
    texts = GenerationRequest(
        negative=negative.strip() or None,
        prompt=prompt.strip() or None,
        embeddings=parse_choices(embeddings) or None,
        seed=preset.request.seed,
    )
    request = texts.over(read_settings_line(settings, IN_LINE))
    return replace(preset, request=request, locked=tuple(field for field in LOCKABLE if field in locked))
