"""Limits on embeds. Violations raise 50035 with the path of the error."""

from __future__ import annotations

from playground.errors import invalid
from playground.rules.bounds import at_most, filled, required, web_address
from playground.world import Json

MAX_EMBEDS, MAX_TOTAL, MAX_FIELDS = 10, 6000, 25
#: (object in the embed, key of its URL); all of them also take `attachment://name`
MEDIA = (("image", "url"), ("thumbnail", "url"), ("author", "icon_url"), ("footer", "icon_url"))


def check_embeds(embeds: list[Json]) -> None:
    """The embeds of a message. References to uploads are checked once those are known."""
    at_most("embeds", embeds, MAX_EMBEDS)
    total = sum(_check_embed(embed, f"embeds.{number}") for number, embed in enumerate(embeds))
    if total > MAX_TOTAL:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_TOTAL}")


def _check_embed(embed: Json, path: str) -> int:
    """Returns the number of characters that count towards the total."""
    fields = embed.get("fields") or []
    footer, author = (embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")
    for key, text, limit in (
        ("title", embed.get("title"), 256),
        ("description", embed.get("description"), 4096),
        ("footer.text", footer, 2048),
        ("author.name", author, 256),
        ("fields", fields, MAX_FIELDS),
    ):
        at_most(f"{path}.{key}", text, limit)
    for number, field in enumerate(fields):
        filled(f"{path}.fields.{number}.name", field.get("name"), 256)
        filled(f"{path}.fields.{number}.value", field.get("value"), 1024)
    _check_addresses(embed, path)
    texts = [embed.get("title"), embed.get("description"), footer, author]
    has_text = any((text or "").strip() for text in texts)
    if not (has_text or fields or any((embed.get(key) or {}).get("url") for key in ("image", "thumbnail"))):
        raise required(f"{path}.description")
    texts += [field[key] for field in fields for key in ("name", "value")]
    return sum(len(text or "") for text in texts)


def _check_addresses(embed: Json, path: str) -> None:
    if embed.get("url"):
        web_address(f"{path}.url", embed["url"])
    for key, name in MEDIA:
        url = (embed.get(key) or {}).get(name)
        if url and not url.startswith("attachment://"):
            web_address(f"{path}.{key}.{name}", url)
