"""Store uploads, and resolve the references to them in embeds and components."""

from __future__ import annotations

from typing import Any

from playground.errors import invalid
from playground.rules.bounds import web_address
from playground.rules.embeds import MEDIA
from playground.wire.components import CONTAINER, FILE, SELECTS, SEPARATOR, THUMBNAIL, walk
from playground.wire.messages import attachment_json
from playground.world import Channel, Files, Json, World

#: what Discord fills in where a bot leaves it out
_DEFAULTS: dict[int, Json] = {
    THUMBNAIL: {"description": None, "spoiler": False},
    FILE: {"spoiler": False},
    SEPARATOR: {"divider": True, "spacing": 1},
    CONTAINER: {"accent_color": None, "spoiler": False},
    **{kind: {"min_values": 1, "max_values": 1} for kind in SELECTS},
}
_ITEM_DEFAULTS: Json = {"description": None, "spoiler": False}


def stored_attachments(world: World, channel: Channel, body: Json, files: Files, kept: list[Json]) -> list[Json]:
    """New uploads, after the earlier attachments that the body lists; a body without a list keeps them all."""
    listed = body.get("attachments")
    descriptions = {str(item["id"]): item.get("description") for item in listed or []}
    staying = [old for old in kept if listed is None or old["id"] in descriptions]
    staying = [{**old, "description": new} if (new := descriptions.get(old["id"])) else old for old in staying]
    new = [
        attachment_json(world, channel, world.store_file(name, data), descriptions.get(str(number)))
        for number, (name, data) in enumerate(files)
    ]
    return [*staying, *new]


def resolved_embeds(body: Json, attachments: list[Json]) -> list[Json]:
    """The embeds, with each `attachment://name` replaced by the URL of the upload.

    Raises: ApiError 50035 for a file that isn't there.
    """
    embeds = [{"type": "rich", **_copy(embed)} for embed in body.get("embeds") or []]
    for number, embed in enumerate(embeds):
        for key, name in MEDIA:
            url = embed.get(key, {}).get(name)
            if (upload := _uploaded(url, attachments)) is not None:
                embed[key] |= _location(upload, name)
            elif url:
                web_address(f"embeds.{number}.{key}.{name}", url)
    return embeds


def _uploaded(url: str | None, attachments: list[Json]) -> Json | None:
    """The attachment that `attachment://name` refers to."""
    return next((file for file in attachments if url == f"attachment://{file['filename']}"), None)


def _location(upload: Json, name: str) -> Json:
    if name != "url":  # icons have no size
        return {name: upload["url"], f"proxy_{name}": upload["proxy_url"]}
    return {key: upload[key] for key in ("url", "proxy_url", "width", "height") if key in upload}


def resolved_components(components: list[Json], attachments: list[Json]) -> list[Json]:
    """The components with ids, as Discord assigns them, and with each `attachment://name` resolved.

    Raises: ApiError 50035 for a file that isn't there.
    """
    copies = [_copy(component) for component in components]
    for number, component in enumerate(walk(copies), start=1):
        component |= {"id": number, **_DEFAULTS.get(component["type"], {}), **component}
        for item in component.get("items") or []:
            item |= {**_ITEM_DEFAULTS, **item}
            _resolve(item["media"], attachments)
        if "media" in component:
            _resolve(component["media"], attachments)
        if "file" in component:
            upload = _resolve(component["file"], attachments)
            component["name"], component["size"] = upload["filename"], upload["size"]
    return copies


def _resolve(media: Json, attachments: list[Json]) -> Json:
    """Fill in what Discord knows about a picture or file, and return its attachment."""
    url = str(media.get("url"))
    upload = _uploaded(url, attachments) or next((file for file in attachments if file["url"] == url), None)
    if upload is not None:
        kept = ("url", "proxy_url", "width", "height", "content_type")
        media |= {key: upload[key] for key in kept if key in upload}
        media["attachment_id"], media["id"] = upload["id"], upload["id"]
        return upload
    if url.startswith("attachment://"):
        code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
        raise invalid("components", code, f"There is no file {url}")
    media |= {"id": "0", "proxy_url": url}
    return {"filename": url.rpartition("/")[2], "size": None}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items() if inner is not None}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
