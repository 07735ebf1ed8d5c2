"""Limits on messages, embeds and files. Violations raise 50035 or a related code, with the path of the error."""

from __future__ import annotations

from collections.abc import Iterable

from playground.errors import empty_message, invalid, too_large
from playground.rules.bounds import at_most, between
from playground.rules.components import check_components
from playground.world import COMPONENTS_V2, Json

MAX_CONTENT, MAX_EMBEDS, MAX_EMBED_TOTAL, MAX_FILES, MAX_NONCE = 2000, 10, 6000, 10, 25
MAX_REQUEST_BYTES = 25 * 1024 * 1024
_EMBED_LIMITS = {"title": 256, "description": 4096}
_V1_ONLY = ("content", "embeds")


def check_message(body: Json, *, has_files: bool, creates: bool, was_v2: bool = False) -> None:
    """The body of a message that is being sent or edited."""
    is_v2 = was_v2 or bool((body.get("flags") or 0) & COMPONENTS_V2)
    at_most("content", body.get("content"), MAX_CONTENT)
    _check_embeds(body.get("embeds") or [])
    components = body.get("components") or []
    check_components(components, is_v2=is_v2)
    if is_v2 and any(body.get(key) for key in _V1_ONLY):
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "not with components V2")
    if len(str(body.get("nonce") or "")) > MAX_NONCE:
        raise invalid("nonce", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_NONCE} or fewer in length.")
    if creates and not (body.get("content") or body.get("embeds") or components or has_files):
        raise empty_message()
    _check_attachments(body)


def check_files(files: Iterable[tuple[str, bytes]], limit: int) -> None:
    """Uploaded files: their number, the size of each, and their total size."""
    sizes = [len(data) for _, data in files]
    if len(sizes) > MAX_FILES:
        raise invalid("files", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")
    if any(size > limit for size in sizes) or sum(sizes) > MAX_REQUEST_BYTES:
        raise too_large()


def _check_embeds(embeds: list[Json]) -> None:
    if len(embeds) > MAX_EMBEDS:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_EMBEDS} or fewer in length.")
    total = 0
    for number, embed in enumerate(embeds):
        for key, limit in _EMBED_LIMITS.items():
            at_most(f"embeds.{number}.{key}", embed.get(key), limit)
        fields = embed.get("fields") or []
        if len(fields) > 25:
            raise invalid(f"embeds.{number}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
        for index, field in enumerate(fields):
            for key, limit in (("name", 256), ("value", 1024)):
                between(f"embeds.{number}.fields.{index}.{key}", field.get(key) or "", 1, limit)
        footer, author = (embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")
        at_most(f"embeds.{number}.footer.text", footer, 2048)
        at_most(f"embeds.{number}.author.name", author, 256)
        texts = [embed.get("title"), embed.get("description"), footer, author]
        texts += [field[key] for field in fields for key in ("name", "value")]
        total += sum(len(text or "") for text in texts)
    if total > MAX_EMBED_TOTAL:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_TOTAL}")


def _check_attachments(body: Json) -> None:
    for attachment in body.get("attachments") or []:
        at_most("attachments.description", attachment.get("description"), 1024)
