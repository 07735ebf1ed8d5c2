"""What is read of presets: one of them in full, or all of a server at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import discord

from cogs.names import COLOUR
from services.presets.lines import FIELDS, number_text, settings_line
from services.presets.rules import Missing
from services.requests import WHOLE_SERVER, Preset, Saved

MAX_DESCRIPTION = 4096
#: of a prompt or negative prompt on a card, in characters; two of them leave room for all the rest
_MAX_TEXT = 1200
_MAX_SUMMARY = 150
#: channels named on a line; the rest is counted
_MAX_CHANNELS = 3
_GONE = "not installed any more"


def preset_card(
    preset: Preset, missing: Sequence[Missing], places: Mapping[int, str], channel_id: int | None
) -> discord.Embed:
    """All that a preset sets, what of it is fixed, and what of it is not there any more."""
    lines = [
        f"**{field}**: {_value(preset, field, missing)}{' 🔒' if field in preset.locked else ''}"
        for field in FIELDS
        if getattr(preset.request, field) is not None or field in preset.locked
    ]
    if preset.locked:
        lines.append("\n🔒 is fixed: what members type for it does not count.")
    embed = discord.Embed(title=preset.name, description="\n".join(lines)[:MAX_DESCRIPTION], colour=COLOUR)
    embed.add_field(name="Use", value=" · ".join([_uses(preset), *_defaults(preset, places, channel_id)]))
    return embed


def list_card(
    presets: Sequence[tuple[Preset, Sequence[Missing]]], places: Mapping[int, str], channel_id: int | None
) -> discord.Embed:
    """A line for each preset, in the order given, as many as a card holds."""
    lines = [_line(preset, missing, places, channel_id) for preset, missing in presets]
    text = _as_many_as_fit(lines) or "There are none yet; /preset save makes one."
    return discord.Embed(title="Presets", description=text, colour=COLOUR)


def saved_card(saved: Saved, missing: Mapping[str, Sequence[Missing]]) -> discord.Embed:
    """What an import did; `missing` has what the presets that were taken in lack, by their names."""
    lines = [
        f"{word}: {', '.join(names)}."
        for word, names in (("Added", saved.added), ("Replaced", saved.replaced), ("Left as they were", saved.left))
        if names
    ]
    if saved.left:
        lines.append("Names that are taken are overwritten only with replace:True.")
    lines += [f"⚠️ **{name}** needs what is not installed here: {_names(gone)}." for name, gone in missing.items()]
    return discord.Embed(title="Presets", description=_as_many_as_fit(lines), colour=COLOUR)


def _line(preset: Preset, missing: Sequence[Missing], places: Mapping[int, str], channel_id: int | None) -> str:
    gone = [f"⚠️ {_names(missing)}, {_GONE}"] if missing else []
    return " · ".join(
        [f"**{preset.name}**: {_summary(preset)}", _uses(preset), *_defaults(preset, places, channel_id), *gone]
    )


def _summary(preset: Preset) -> str:
    request = preset.request
    parts = [part for part in (request.model, *(request.embeddings or ()), request.negative) if part]
    text = " ".join((", ".join(parts) or settings_line(request) or "a prompt").split())
    return text if len(text) <= _MAX_SUMMARY else text[: _MAX_SUMMARY - 1] + "…"


def _uses(preset: Preset) -> str:
    return f"used {preset.uses} time{'' if preset.uses == 1 else 's'}"


def _defaults(preset: Preset, places: Mapping[int, str], channel_id: int | None) -> list[str]:
    where = {place for place, name in places.items() if name == preset.name}
    others = sorted(where - {WHOLE_SERVER, channel_id})
    return [
        *(["default here"] if channel_id in where else []),
        *(["default of the server"] if WHOLE_SERVER in where else []),
        *(f"default in <#{channel}>" for channel in others[:_MAX_CHANNELS]),
        *([f"and in {len(others) - _MAX_CHANNELS} more"] if len(others) > _MAX_CHANNELS else []),
    ]


def _value(preset: Preset, field: str, missing: Sequence[Missing]) -> str:
    value = getattr(preset.request, field)
    if value is None:
        return "left to the model"
    if field == "embeddings":
        gone = {one.name for one in missing if one.kind == "embedding"}
        return ", ".join(
            f"{name} ({_GONE})" if name.rpartition(":")[0] in gone or name in gone else name for name in value
        )
    if field == "model" and any(one.kind == "model" for one in missing):
        return f"{value} ({_GONE})"
    text = number_text(value)
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _names(missing: Iterable[Missing]) -> str:
    return ", ".join(one.name[:60] for one in missing)


def _as_many_as_fit(lines: Sequence[str]) -> str:
    shown: list[str] = []
    room = MAX_DESCRIPTION - 40  # for the last line
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*shown, f"… and {len(lines) - len(shown)} more"])
        shown.append(line)
    return "\n".join(shown)
