"""The check against Discord's specification: deliberate violations are reported with their place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from playground import Discord
from playground.rest.exchange import Exchange
from playground.rest.oas import Specification
from tests.playground.api import Api
from tests.playground.conftest import SPECIFICATION

pytestmark = pytest.mark.skipif(not SPECIFICATION.exists(), reason="the specification is not available")

SEND = "/channels/{channel_id}/messages"


@pytest.fixture
def specification() -> Specification:
    return Specification.load(SPECIFICATION)


@pytest.fixture
async def good(local: Discord, api: Api) -> Exchange:
    """A message that was sent and answered correctly."""
    await api.send({"content": "hello", "nonce": "1", "embeds": [{"title": "a fish"}]})
    return local.log[-1]


def test_valid_exchanges_are_not_reported(specification: Specification, good: Exchange) -> None:
    assert specification.violations([good]) == []


@pytest.mark.parametrize(
    ("request_body", "place"),
    [
        ({"content": 5}, "content"),
        ({"content": "x" * 4001}, "content"),
        ({"nonce": "n" * 26}, "nonce"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds"),
        ({"embeds": [{}] * 11}, "embeds"),
        ({"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "l" * 81}]}]}, "components"),
        ({"attachments": [{"id": 0, "description": "d" * 1025}]}, "attachments"),
    ],
)
def test_an_invalid_request_is_reported(
    specification: Specification, good: Exchange, request_body: dict[str, Any], place: str
) -> None:
    (violation, *_) = specification.violations([replace(good, request=request_body)])
    assert violation.startswith(f"POST {SEND} request: {place}")


@pytest.mark.parametrize("is_multipart", [False, True])
def test_the_json_of_a_multipart_request_is_checked_too(
    specification: Specification, good: Exchange, is_multipart: bool
) -> None:
    wrong = replace(good, request={"content": ["not", "text"]}, is_multipart=is_multipart)
    assert specification.violations([wrong])


def test_an_invalid_response_is_reported(specification: Specification, good: Exchange) -> None:
    without = {key: value for key, value in good.response.items() if key != "author"}
    for wrong in (without, {**good.response, "id": 5.5}, {**good.response, "timestamp": None}, []):
        (violation, *_) = specification.violations([replace(good, response=wrong)])
        assert violation.startswith(f"POST {SEND} 200: ")


def test_an_invalid_error_is_reported(specification: Specification, good: Exchange) -> None:
    assert specification.violations([replace(good, status=403, response={"message": "No", "code": 50013})]) == []
    assert specification.violations([replace(good, status=403, response={"message": "No"})])


def test_a_route_that_discord_does_not_have_is_reported(specification: Specification, good: Exchange) -> None:
    assert specification.violations([replace(good, route="/channels/{channel_id}/letters")]) == [
        "POST /channels/{channel_id}/letters is not in the specification"
    ]


async def test_the_playground_reports_an_invalid_exchange(local: Discord, api: Api) -> None:
    path = f"/applications/{local.world.application_id}/commands"
    ping = {"name": "ping", "description": "d", "type": 1, "name_localizations": {"de": "n" * 33}}
    answer = await api.call("PUT", path, [ping])
    assert answer.status == 200
    with pytest.raises(AssertionError, match=r"PUT /applications/\{application_id\}/commands request"):
        local.assert_clean()


def test_attachment_ids_may_be_numbers_and_field_codes_strings(specification: Specification, good: Exchange) -> None:
    assert specification.violations([replace(good, request={"content": "x", "attachments": [{"id": 0}]})]) == []
    tree = {"embeds": {"0": {"title": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "too long"}]}}}}
    error = {"message": "Invalid Form Body", "code": 50035, "errors": tree}
    assert specification.violations([replace(good, status=400, response=error)]) == []
