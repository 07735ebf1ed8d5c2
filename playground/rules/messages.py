"""Limits on messages and files. Violations raise 50035 or a related code, with the path of the error."""

from __future__ import annotations

from collections.abc import Iterable

from playground.errors import empty_message, invalid, too_large
from playground.rules.bounds import at_most
from playground.rules.components import check_components
from playground.rules.embeds import check_embeds
from playground.world import COMPONENTS_V2, Json

MAX_CONTENT, MAX_FILES, MAX_NONCE, MAX_DESCRIPTION = 2000, 10, 25, 1024
MAX_REQUEST_BYTES = 25 * 1024 * 1024
_V1_ONLY = ("content", "embeds")


def check_message(body: Json, *, has_files: bool, creates: bool, was_v2: bool = False) -> None:
    """The body of a message that is being sent or edited."""
    is_v2 = was_v2 or bool((body.get("flags") or 0) & COMPONENTS_V2)
    at_most("content", body.get("content"), MAX_CONTENT)
    check_embeds(body.get("embeds") or [])
    components = body.get("components") or []
    check_components(components, is_v2=is_v2)
    if is_v2 and any(body.get(key) for key in _V1_ONLY):
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "not with components V2")
    if len(str(body.get("nonce") or "")) > MAX_NONCE:
        raise invalid("nonce", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_NONCE} or fewer in length.")
    if creates and not ((body.get("content") or "").strip() or body.get("embeds") or components or has_files):
        raise empty_message()
    for number, attachment in enumerate(body.get("attachments") or []):
        at_most(f"attachments.{number}.description", attachment.get("description"), MAX_DESCRIPTION)


def check_files(files: Iterable[tuple[str, bytes]], limit: int) -> None:
    """Uploaded files: their number, the size of each, and their total size."""
    sizes = [len(data) for _, data in files]
    at_most("files", sizes, MAX_FILES)
    if any(size > limit for size in sizes) or sum(sizes) > MAX_REQUEST_BYTES:
        raise too_large()
