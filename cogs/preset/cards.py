"""Cards about presets: one in full, all of a server at a glance, and what an import did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import discord

from cogs.names import COLOUR
from cogs.text import MAX_DESCRIPTION, MAX_FIELD, as_typed, fit_lines
from services.choices import EmbeddingChoice
from services.infotext.settings_line import write_settings_line
from services.presets.fields import FIELDS
from services.presets.rules import Missing
from services.requests import WHOLE_SERVER, Preset, Saved
from services.text import and_more, join_some, plain_number, plural, shorten

#: of a prompt or negative prompt on a card, in characters; with escaped markup, two of them leave room for the rest
_MAX_TEXT = 700
_MAX_SUMMARY = 150
#: channels named on a line; the rest is counted
_MAX_CHANNELS = 3
_GONE = "no longer installed"


def preset_card(
    preset: Preset, missing: Sequence[Missing], places: Mapping[int, str], channel_id: int | None
) -> discord.Embed:
    """Everything that a preset sets, what of it is locked, and what of it is no longer installed."""
    lines = [
        f"**{field}**: {_value(preset, field, missing)}{' 🔒' if field in preset.locked else ''}"
        for field in FIELDS
        if getattr(preset.request, field) is not None or field in preset.locked
    ]
    if preset.locked:
        lines.append("\n🔒 is locked: members can't override it.")
    embed = discord.Embed(title=as_typed(preset.name), description=fit_lines(lines, MAX_DESCRIPTION), colour=COLOUR)
    use = " · ".join([_uses(preset), *_defaults(preset, places, channel_id)])
    embed.add_field(name="Use", value=shorten(use, MAX_FIELD))
    return embed


def list_card(
    presets: Sequence[tuple[Preset, Sequence[Missing]]], places: Mapping[int, str], channel_id: int | None
) -> discord.Embed:
    """A line for each preset, in the order given."""
    lines = (_line(preset, missing, places, channel_id) for preset, missing in presets)
    text = fit_lines(lines, MAX_DESCRIPTION) or "There are none yet; /preset save makes one."
    return discord.Embed(title="Presets", description=text, colour=COLOUR)


def saved_card(saved: Saved, missing: Mapping[str, Sequence[Missing]]) -> discord.Embed:
    """What an import did; `missing` has what the imported presets lack, by their names."""
    lines = [
        f"{word}: {', '.join(map(as_typed, names))}."
        for word, names in (("Added", saved.added), ("Replaced", saved.replaced), ("Kept as they were", saved.kept))
        if names
    ]
    if saved.kept:
        lines.append("Existing presets are replaced only with replace:True.")
    lines += [
        f"⚠️ **{as_typed(name)}** needs what isn't installed here: {_names(gone)}." for name, gone in missing.items()
    ]
    return discord.Embed(title="Presets", description=fit_lines(lines, MAX_DESCRIPTION), colour=COLOUR)


def _line(preset: Preset, missing: Sequence[Missing], places: Mapping[int, str], channel_id: int | None) -> str:
    head = f"**{as_typed(preset.name)}**: {as_typed(_summary(preset), _MAX_SUMMARY)}"
    gone = [f"⚠️ {_names(missing)}, {_GONE}"] if missing else []
    return " · ".join([head, _uses(preset), *_defaults(preset, places, channel_id), *gone])


def _summary(preset: Preset) -> str:
    request = preset.request
    parts = (request.model, *map(str, request.embeddings or ()), request.negative)
    return " ".join((", ".join(filter(None, parts)) or write_settings_line(request) or "a prompt").split())


def _uses(preset: Preset) -> str:
    return f"used {plural(preset.uses, 'time')}"


def _defaults(preset: Preset, places: Mapping[int, str], channel_id: int | None) -> list[str]:
    where = {place for place, name in places.items() if name == preset.name}
    others = sorted(where - {WHOLE_SERVER, channel_id})
    return [
        *(["default here"] if channel_id in where else []),
        *(["default of the server"] if WHOLE_SERVER in where else []),
        *(f"default in <#{channel}>" for channel in others[:_MAX_CHANNELS]),
        *([and_more(len(others) - _MAX_CHANNELS)] if len(others) > _MAX_CHANNELS else []),
    ]


def _value(preset: Preset, field: str, missing: Sequence[Missing]) -> str:
    value = getattr(preset.request, field)
    if value is None:
        return "left to the model"
    if field == "embeddings":
        gone = {EmbeddingChoice(thing.name).key for thing in missing if thing.kind == "embedding"}
        return ", ".join(f"{as_typed(str(choice))}{f' ({_GONE})' if choice.key in gone else ''}" for choice in value)
    if field == "model" and any(thing.kind == "model" for thing in missing):
        return f"{as_typed(value)} ({_GONE})"
    return as_typed(plain_number(value), _MAX_TEXT)


def _names(missing: Iterable[Missing]) -> str:
    return join_some([as_typed(thing.name, 60) for thing in missing], 400)
