"""Rate limits: counted per channel, reported in every response, respected by a well-behaved client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from playground import Discord
from tests.playground.api import Api, open_api
from tests.playground.conftest import SPECIFICATION, SmallBot, running


@pytest.fixture
async def strict() -> AsyncIterator[Discord]:
    async with Discord(rate_limits=True, spec=SPECIFICATION if SPECIFICATION.exists() else None) as server:
        yield server


@pytest.fixture
async def api(strict: Discord) -> AsyncIterator[Api]:
    async with open_api(strict) as opened:
        yield opened


async def test_the_sixth_message_in_five_seconds_is_refused(strict: Discord, api: Api) -> None:
    for left in (4, 3, 2, 1, 0):
        sent = await api.send({"content": "x"})
        assert sent.status == 200
        assert sent.headers["X-RateLimit-Limit"] == "5"
        assert sent.headers["X-RateLimit-Remaining"] == str(left)
        assert 0 < float(sent.headers["X-RateLimit-Reset-After"]) <= 5
    refused = await api.send({"content": "x"})
    assert refused.status == 429
    assert refused.body["message"] == "You are being rate limited."
    assert refused.body["global"] is False
    assert 0 < refused.body["retry_after"] <= 5
    assert float(refused.headers["Retry-After"]) == pytest.approx(refused.body["retry_after"], abs=0.01)
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert "Via" in refused.headers
    assert len(strict.person("ana").sees()) == 5
    other = f"/channels/{strict.channel('general').id}/messages"
    assert (await api.call("POST", other, {"content": "x"})).status == 200
    strict.clock.advance(seconds=5)
    assert (await api.send({"content": "x"})).status == 200
    strict.assert_clean()


async def test_at_most_fifty_requests_a_second_are_accepted_in_total(strict: Discord, api: Api) -> None:
    answers = [await api.call("GET", "/users/@me") for _ in range(50)]
    assert {answer.status for answer in answers} == {200}
    refused = await api.call("GET", f"/channels/{api.channel.id}")
    assert (refused.status, refused.body["global"]) == (429, True)
    assert refused.headers["X-RateLimit-Global"] == "true"
    # interactions are exempt
    assert (await api.call("POST", "/interactions/1/token/callback", {"type": 5})).code == 10062
    strict.clock.advance(seconds=1)
    assert (await api.call("GET", "/users/@me")).status == 200


async def test_callbacks_have_no_bucket(strict: Discord, api: Api) -> None:
    answer = await api.call("POST", "/interactions/1/token/callback", {"type": 5})
    assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]


async def test_without_rate_limits_there_are_no_headers(local: Discord) -> None:
    async with open_api(local) as free:
        for _ in range(8):
            sent = await free.send({"content": "x"})
            assert sent.status == 200
            assert not [name for name in sent.headers if name.lower().startswith("x-ratelimit")]


async def test_discord_py_respects_the_limits_and_is_never_refused(
    strict: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = SmallBot()
    async with running(bot, strict, monkeypatch):
        message = await bot.get_partial_messageable(strict.channel("pictures").id).send("hello")
        started = asyncio.get_running_loop().time()
        for emoji in ("😀", "😁", "😂", "😃"):
            await message.add_reaction(emoji)
        assert asyncio.get_running_loop().time() - started >= 0.6
    assert strict.person("ana").sees()[0].reactions == dict.fromkeys(("😀", "😁", "😂", "😃"), 1)
    assert {exchange.status for exchange in strict.log} <= {200, 204}
    strict.assert_clean()
