"""Routes for messages, files, replies, history and reactions."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from playground import Discord
from tests.playground.api import Api


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(file, "PNG")
    return file.getvalue()


async def test_a_message_can_be_read_edited_and_deleted(local: Discord, api: Api) -> None:
    sent = await api.send({"content": "hello"})
    path = f"/channels/{api.channel.id}/messages/{sent.body['id']}"
    assert (sent.status, sent.body["content"], sent.body["edited_timestamp"]) == (200, "hello", None)
    edited = await api.call("PATCH", path, {"content": "bye", "embeds": [{"title": "a fish"}]})
    assert (edited.body["content"], edited.body["embeds"][0]["title"]) == ("bye", "a fish")
    assert edited.body["edited_timestamp"]
    assert (await api.call("GET", path)).body == edited.body
    assert (await api.call("DELETE", path)).status == 204
    for method, body in (("GET", None), ("PATCH", {"content": "x"}), ("DELETE", None)):
        gone = await api.call(method, path, body)
        assert (gone.status, gone.code) == (404, 10008)
    local.assert_clean()


async def test_a_refused_edit_changes_nothing(local: Discord, api: Api) -> None:
    sent = await api.send({"content": "hello"})
    path = f"/channels/{api.channel.id}/messages/{sent.body['id']}"
    missing = {"type": 12, "items": [{"media": {"url": "attachment://none.png"}}]}
    for body, code in (
        ({"content": ""}, 50006),
        ({"content": "new", "embeds": [{"title": "x" * 300}]}, 50035),
        ({"content": None, "flags": 1 << 15, "components": [missing]}, 50035),
    ):
        assert (await api.call("PATCH", path, body)).code == code
    assert (await api.call("GET", path)).body == sent.body


async def test_a_repeated_nonce_returns_the_same_message_for_a_few_minutes(local: Discord, api: Api) -> None:
    body = {"content": "once", "nonce": "job-1", "enforce_nonce": True}
    first = await api.send(body)
    again = await api.send({**body, "content": "twice"})
    assert (again.body["id"], again.body["content"]) == (first.body["id"], "once")
    assert (await api.send({**body, "nonce": "job-2"})).body["id"] != first.body["id"]
    assert (await api.send({**body, "enforce_nonce": False})).body["id"] != first.body["id"]
    other = await api.call("POST", f"/channels/{local.channel('general').id}/messages", body)
    assert other.body["id"] != first.body["id"]
    local.clock.advance(minutes=10)
    assert (await api.send(body)).body["id"] != first.body["id"]
    local.assert_clean()


async def test_files_come_back_unchanged_and_pictures_have_a_size(local: Discord, api: Api) -> None:
    data = png()
    sent = await api.send({"attachments": [{"id": 0, "description": "a red picture"}]}, files=[data, b"\x00\xff" * 50])
    picture, other = sent.body["attachments"]
    assert (picture["description"], picture["width"], picture["height"]) == ("a red picture", 32, 16)
    assert (picture["content_type"], picture["size"]) == ("image/png", len(data))
    assert "width" not in other
    async with aiohttp.ClientSession() as session:
        async with session.get(picture["url"]) as response:
            assert await response.read() == data
        async with session.get(picture["url"].replace("0.bin", "1.bin")) as response:
            assert response.status == 404
    local.assert_clean()


async def test_uploaded_files_can_be_shown_in_embeds_and_galleries(local: Discord, api: Api) -> None:
    embed = {
        "title": "x",
        "image": {"url": "attachment://0.bin"},
        "footer": {"text": "y", "icon_url": "attachment://0.bin"},
    }
    sent = await api.send({"embeds": [embed]}, files=[png()])
    (attachment,) = sent.body["attachments"]
    assert sent.body["embeds"][0]["image"]["url"] == attachment["url"]
    assert sent.body["embeds"][0]["image"]["width"] == 32
    assert sent.body["embeds"][0]["footer"]["icon_url"] == attachment["url"]
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://0.bin"}}]}
    newer = await api.send({"flags": 1 << 15, "components": [gallery]}, files=[png()])
    assert newer.body["components"][0]["items"][0]["media"]["url"] == newer.body["attachments"][0]["url"]
    local.assert_clean()


@pytest.mark.parametrize(
    "body",
    [
        {"embeds": [{"title": "x", "image": {"url": "attachment://none.png"}}]},
        {"embeds": [{"title": "x", "thumbnail": {"url": "attachment://none.png"}}]},
        {"embeds": [{"title": "x", "author": {"name": "y", "icon_url": "attachment://none.png"}}]},
        {"embeds": [{"title": "x", "footer": {"text": "y", "icon_url": "attachment://none.png"}}]},
        {"flags": 1 << 15, "components": [{"type": 12, "items": [{"media": {"url": "attachment://none.png"}}]}]},
        {"flags": 1 << 15, "components": [{"type": 13, "file": {"url": "attachment://none.png"}}]},
    ],
)
async def test_a_reference_to_a_missing_upload_is_refused(api: Api, body: Any) -> None:
    refused = await api.send(body, files=[png()])
    assert (refused.status, refused.code) == (400, 50035)


async def test_an_edit_keeps_the_attachments_it_lists(local: Discord, api: Api) -> None:
    sent = await api.send({"content": "x"}, files=[b"one", b"two"])
    path = f"/channels/{api.channel.id}/messages/{sent.body['id']}"
    keep = {"id": sent.body["attachments"][1]["id"], "description": "the second"}
    edited = await api.call("PATCH", path, {"attachments": [keep, {"id": 0}]}, files=[b"three"])
    assert [attachment["size"] for attachment in edited.body["attachments"]] == [3, 5]
    assert edited.body["attachments"][0]["description"] == "the second"
    untouched = await api.call("PATCH", path, {"content": "y"})
    assert len(untouched.body["attachments"]) == 2


async def test_a_file_over_the_limit_is_refused(local: Discord, api: Api) -> None:
    local.world.upload_limit = 1000
    assert (await api.send({}, files=[b"x" * 1000])).status == 200
    refused = await api.send({}, files=[b"x" * 1001])
    assert (refused.status, refused.code) == (413, 40005)


async def test_a_reply_references_its_message(local: Discord, api: Api) -> None:
    first = await api.send({"content": "first"})
    reply = await api.send({"content": "reply", "message_reference": {"message_id": first.body["id"]}})
    assert (reply.body["type"], reply.body["referenced_message"]["content"]) == (19, "first")
    unknown = {"message_id": "1"}
    refused = await api.send({"content": "reply", "message_reference": unknown})
    assert (refused.status, refused.code) == (400, 50035)
    lenient = await api.send({"content": "reply", "message_reference": {**unknown, "fail_if_not_exists": False}})
    assert (lenient.status, lenient.body["type"]) == (200, 0)
    local.assert_clean()


async def test_history_is_paged_newest_first(local: Discord, api: Api) -> None:
    sent = [(await api.send({"content": str(number)})).body["id"] for number in range(7)]
    path = f"/channels/{api.channel.id}/messages"

    async def page(query: str) -> list[str]:
        return [message["content"] for message in (await api.call("GET", f"{path}?{query}")).body]

    assert await page("limit=3") == ["6", "5", "4"]
    assert await page(f"limit=2&before={sent[4]}") == ["3", "2"]
    assert await page(f"limit=2&after={sent[1]}") == ["3", "2"]
    assert await page(f"limit=3&around={sent[3]}") == ["4", "3", "2"]
    local.assert_clean()


async def test_reactions_are_limited_counted_and_removed(local: Discord, api: Api) -> None:
    sent = (await api.send({"content": "react"})).body["id"]
    path = f"/channels/{api.channel.id}/messages/{sent}/reactions"
    ana = local.person("ana")
    for number in range(20):
        assert (await api.call("PUT", f"{path}/{chr(0x1F600 + number)}/@me")).status == 204
    full = await api.call("PUT", f"{path}/🔁/@me")
    assert (full.status, full.code) == (403, 30010)
    first = chr(0x1F600)
    await ana.react((await seen_by_ana(local, sent)), first)
    people = await api.call("GET", f"{path}/{first}")
    assert {user["username"] for user in people.body} == {"ana", "Negative Space"}
    assert (await api.call("DELETE", f"{path}/{first}/@me")).status == 204
    assert (await api.call("DELETE", f"{path}/{first}/@me")).code == 10014
    assert (await api.call("DELETE", f"{path}/{first}/{ana.id}")).code == 50013
    assert (await seen_by_ana(local, sent)).reactions[first] == 1
    local.assert_clean()


async def seen_by_ana(local: Discord, message_id: str):
    return next(message for message in local.person("ana").sees() if message.id == int(message_id))


async def test_other_users_messages_cannot_be_edited_or_deleted(local: Discord, api: Api) -> None:
    message = await local.person("ana").say("mine")
    path = f"/channels/{api.channel.id}/messages/{message.id}"
    assert (await api.call("PATCH", path, {"content": "x"})).code == 50005
    assert (await api.call("DELETE", path)).code == 50013
    local.guild.bot_permissions.add("manage_messages")
    assert (await api.call("DELETE", path)).status == 204


async def test_whitespace_around_content_is_trimmed_and_blank_messages_are_refused(local: Discord, api: Api) -> None:
    sent = await api.send({"content": " \n hello \n"})
    assert sent.body["content"] == "hello"
    for blank in ("", " ", "\n\t"):
        assert (await api.send({"content": blank})).code == 50006
        edit = await api.call("PATCH", f"/channels/{api.channel.id}/messages/{sent.body['id']}", {"content": blank})
        assert edit.code == 50006
    local.assert_clean()
