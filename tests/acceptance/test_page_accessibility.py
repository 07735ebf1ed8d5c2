"""The page is checked by axe in each state that people meet, and used at twice its size."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.conftest import Place, drawn
from tests.acceptance.page_driver import CHROMIUM, open_page

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}; apt install chromium"),
]
#: what sticks out of the window or of the messages' column
_TOO_WIDE = """() => {
  const scroller = document.querySelector("#scroller");
  const edge = scroller.getBoundingClientRect().left + scroller.clientWidth;
  return [...scroller.querySelectorAll("*")].filter((node) => node.checkVisibility()
    && node.getBoundingClientRect().right > edge + 1).map((node) => node.outerHTML.slice(0, 100));
}"""
WINDOWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
async def test_the_empty_channel_the_picker_and_a_form_keep_nobody_out(place: Place, width: int, scheme: Any) -> None:
    place.of_the_page("ana")
    async with open_page(place.discord.base_url, "ana", width=width, scheme=scheme) as ana:
        await expect(ana.see("#hints button").first).to_be_visible()
        assert await ana.barriers() == []
        await ana.press("/")
        await expect(ana.see("[role=option]").first).to_be_visible()
        assert await ana.barriers() == []
        await ana.type("compose")
        await ana.press("Enter", "Enter")
        await expect(ana.see("dialog.form")).to_be_visible()
        assert await ana.barriers() == []
    assert ana.complaints == []


@pytest.mark.parametrize(("width", "scheme"), WINDOWS[1:3])
async def test_results_refusals_and_large_pictures_keep_nobody_out(place: Place, width: int, scheme: Any) -> None:
    person = place.of_the_page("ana")
    async with open_page(place.discord.base_url, "ana", width=width, scheme=scheme) as ana:
        message = await drawn(await person.slash("imagine", prompt="a red fish in the sea", cfg=2, steps=4, count=2))
        await drawn(await person.slash("compare", prompt="a red fish", embedding1="demo-tinted", seed=5))
        await person.slash("imagine", prompt="a fish", embedding1="EasyNegative")
        await person.click(message, "Details")
        await expect(ana.see(".picture img")).to_have_count(3)
        await expect(ana.see(".body", "EasyNegative was trained for")).to_have_count(1)
        assert await ana.barriers() == []
        await ana.see(".picture").first.click()
        await expect(ana.see("dialog.large")).to_be_visible()
        assert await ana.barriers() == []
    assert ana.complaints == []


async def test_at_twice_its_size_nothing_scrolls_sideways(place: Place) -> None:
    """Zooming to 200 % halves the window in CSS pixels."""
    person = place.of_the_page("ana")
    async with open_page(place.discord.base_url, "ana", width=640, height=400) as ana:
        await drawn(await person.slash("imagine", prompt="a red fish in the sea", steps=4, count=4))
        await expect(ana.see(".picture img")).to_have_count(4)
        assert await ana.page.evaluate(_TOO_WIDE) == []
        await ana.press("/")
        await ana.type("imagine prompt:a fish")
        await expect(ana.see("#composer-input")).to_be_in_viewport()
    assert ana.complaints == []
