"""Cards about embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import discord

from cogs.names import COLOUR
from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.planning.fit import fit_of

#: an embed's description holds 4096 characters, a field 1024
MAX_LISTED = 30
MAX_FIELD = 1024


def list_card(shown: Sequence[InstalledEmbedding], checkpoint: Checkpoint | None) -> discord.Embed:
    """The installed ones, a line each."""
    lines = [_line(one) for one in shown[:MAX_LISTED]]
    if len(shown) > MAX_LISTED:
        lines.append(f"… and {len(shown) - MAX_LISTED} more: /embedding browse shows them all.")
    title = f"Negative embeddings for {checkpoint.title}" if checkpoint else "Negative embeddings"
    text = "\n".join(lines) or "None is installed yet: /embedding install, or the operator's embeddings folder."
    return discord.Embed(title=title, description=text[:4096], colour=COLOUR)


def info_card(one: InstalledEmbedding, models: Iterable[Checkpoint], presets: Sequence[str]) -> discord.Embed:
    """Everything that is known of one."""
    entry = one.entry
    embed = discord.Embed(title=one.title, description=entry.note if entry else None, colour=COLOUR)
    embed.add_field(name="Targets", value=", ".join(one.targets) or "unknown", inline=False)
    is_named = one.lineage and one.lineage.casefold() != one.architecture.facts.title.casefold()
    made_for = f"{one.architecture.facts.title}{f', {one.lineage}' if is_named else ''}"
    embed.add_field(name="Made for", value=made_for)
    embed.add_field(name="Vectors", value=str(one.num_vectors))
    embed.add_field(name="Strength", value=f"{one.strength:g}")
    fits = "\n".join(f"{model.title}: {fit_of(one, model).value}" for model in models)
    embed.add_field(name="Fit", value=fits[:MAX_FIELD] or "no model is installed", inline=False)
    if entry is not None:
        related = {"Conflicts": entry.conflicts, "Contains": entry.contains, "Goes with": entry.goes_with}
        for label, names in related.items():
            if names:
                embed.add_field(name=label, value=", ".join(names)[:MAX_FIELD])
    if presets:
        embed.add_field(name="Presets of this server", value=", ".join(presets)[:MAX_FIELD], inline=False)
    embed.add_field(name="Provenance", value=_provenance(one)[:MAX_FIELD], inline=False)
    embed.set_footer(text=f"file {one.file_hash[:12]} · content {one.content_hash[:12]}")
    return embed


def _line(one: InstalledEmbedding) -> str:
    targets = ", ".join(one.targets) or "no description"
    return f"**{one.id}** ({one.architecture.facts.title}, {one.num_vectors} vectors): {targets}"


def _provenance(one: InstalledEmbedding) -> str:
    if one.entry is not None:
        return f"{one.entry.source or 'source unknown'} · by {one.entry.author} · licence: {one.entry.licence}"
    told = [
        f"{label}: {value[:80]}"
        for key, label in (("modelspec.author", "author"), ("modelspec.license", "licence"), ("source.format", "from"))
        if (value := one.embedding.metadata.get(key))
    ]
    return " · ".join(["not in the catalog", *told])
