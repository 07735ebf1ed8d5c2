"""Cards about embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import discord

from cogs.names import COLOUR
from cogs.text import MAX_DESCRIPTION, MAX_FIELD, as_typed, fit_lines
from embeddings.catalog import CatalogEntry
from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.planning.fit import fit_of
from services.storage.votes import Tally
from services.text import join_some, plural, shorten


def list_card(shown: Sequence[InstalledEmbedding], checkpoint: Checkpoint | None) -> discord.Embed:
    """The installed embeddings, a line each."""
    title = f"Negative embeddings for {checkpoint.title}" if checkpoint else "Negative embeddings"
    text = fit_lines(map(_line, shown), MAX_DESCRIPTION, more="; /embedding browse shows them all.")
    nothing = "None installed yet; use /embedding install, or the operator's embeddings folder."
    return discord.Embed(title=title, description=text or nothing, colour=COLOUR)


def info_card(
    embedding: InstalledEmbedding,
    models: Iterable[Checkpoint],
    presets: Sequence[str] = (),
    *,
    is_shared: bool = True,
    tally: Tally | None = None,
) -> discord.Embed:
    """Everything that is known about an embedding."""
    entry = embedding.entry
    card = discord.Embed(title=embedding.title, description=entry.note if entry else None, colour=COLOUR)
    card.add_field(name="Targets", value=", ".join(embedding.targets) or "unknown", inline=False)
    architecture, lineage = embedding.architecture.facts.title, embedding.lineage
    has_lineage = lineage and lineage.casefold() != architecture.casefold()
    card.add_field(name="Made for", value=f"{architecture}, {lineage}" if has_lineage else architecture)
    card.add_field(name="Size", value=embedding.extent)
    card.add_field(name="Strength", value=f"{embedding.strength:g}")
    card.add_field(name="Available in", value="every server" if is_shared else "this server")
    fits = fit_lines((f"{model.title}: {fit_of(embedding, model).value}" for model in models), MAX_FIELD)
    card.add_field(name="Fit", value=fits or "no model is installed", inline=False)
    if entry is not None:
        related = {"Conflicts with": entry.conflicts, "Contains": entry.contains, "Goes with": entry.goes_with}
        for label, names in related.items():
            if names:
                card.add_field(name=label, value=join_some(names, MAX_FIELD))
    if tally is not None and tally.cast:
        text = f"best of its comparison in {tally.won} of {plural(tally.cast, 'vote')}"
        card.add_field(name="This server's votes", value=text, inline=False)
    if presets:
        names = join_some([as_typed(preset) for preset in presets], MAX_FIELD)
        card.add_field(name="Presets of this server", value=names, inline=False)
    card.add_field(name="Provenance", value=shorten(_provenance(embedding), MAX_FIELD), inline=False)
    card.set_footer(text=f"file {embedding.file_hash[:12]} · content {embedding.content_hash[:12]}")
    return card


def known_card(entry: CatalogEntry, models: Iterable[Checkpoint] = ()) -> discord.Embed:
    """What is known about an embedding that isn't installed, and where it would come from."""
    card = discord.Embed(title=f"{entry.title} · not installed", description=entry.note or None, colour=COLOUR)
    card.add_field(name="Targets", value=", ".join(entry.targets), inline=False)
    architecture, lineage = entry.architecture.facts.title, entry.lineage
    card.add_field(name="Made for", value=f"{architecture}, {lineage}" if lineage else architecture)
    card.add_field(name="Size", value=plural(entry.vectors, "vector") if entry.vectors else "unknown")
    card.add_field(name="Strength", value=f"{entry.strength:g}")
    fitting = [model.title for model in models if model.architecture is entry.architecture]
    if fitting:
        card.add_field(name="For these models here", value=join_some(fitting, MAX_FIELD), inline=False)
    card.add_field(name="Page", value=entry.source or "unknown", inline=False)
    card.add_field(name="Author and licence", value=f"by {entry.author} · licence: {entry.licence}", inline=False)
    for download in entry.downloads[:1]:
        size = f"{download.size / 1000:,.0f} kB" if download.size else "size unknown"
        host = download.url.split("/")[2]
        text = f"from {host} · {size} · SHA-256 `{download.sha256}`\nAny other file is refused."
        card.add_field(name="File", value=text, inline=False)
    return card


def _line(embedding: InstalledEmbedding) -> str:
    targets = ", ".join(embedding.targets) or "no description"
    return f"**{embedding.id}** ({embedding.architecture.facts.title}, {embedding.extent}): {targets}"


def _provenance(embedding: InstalledEmbedding) -> str:
    entry = embedding.entry
    if entry is not None:
        return f"{entry.source or 'source unknown'} · by {entry.author} · licence: {entry.licence}"
    metadata = embedding.embedding.metadata
    claims = [
        f"{label}: {as_typed(value, 80)}"
        for key, label in (("modelspec.author", "author"), ("modelspec.license", "licence"), ("source.format", "from"))
        if (value := metadata.get(key))
    ]
    return " · ".join(["not in the catalog", *claims])
