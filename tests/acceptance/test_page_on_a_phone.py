"""The page on a phone: one column, the sidebar in a drawer, and nothing to scroll sideways."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.conftest import Place
from tests.acceptance.page_driver import CHROMIUM, Visitor, open_page

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}; apt install chromium"),
]
PHONE = 390  # CSS pixels
FINGER = 44  # CSS pixels


async def too_wide(ana: Visitor) -> list[str]:
    """Elements that reach beyond the window."""
    return await ana.page.evaluate(
        """(width) => [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility()
          && getComputedStyle(node).overflowX === "visible" && node.getBoundingClientRect().right > width + 1)
          .map((node) => node.outerHTML.slice(0, 120))""",
        PHONE,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_newcomer_sees_the_pair_and_what_to_try(place: Place, scheme: str) -> None:
    place.of_the_page("ana")
    async with open_page(place.discord.base_url, "ana", width=PHONE, scheme=scheme) as ana:
        await expect(ana.see("#hints img")).to_have_js_property("naturalWidth", 774)
        await expect(ana.see("#hints button").first).to_contain_text("/compare prompt:a red fish in the sea")
        await expect(ana.see("#side")).to_be_hidden()
        assert await too_wide(ana) == []
        assert await ana.faint() == []
        assert await ana.nameless() == []
    assert ana.complaints == []


async def test_the_drawer_opens_and_closes_once_a_channel_is_chosen(place: Place) -> None:
    place.of_the_page("ana")
    async with open_page(place.discord.base_url, "ana", width=PHONE) as ana:
        await ana.see(".drawer").click()
        channel = ana.see("#channels button", "general")
        await expect(channel).to_be_visible()
        box = await channel.bounding_box()
        assert box is not None
        assert box["height"] >= FINGER
        assert await too_wide(ana) == []
        await channel.click()
        await expect(ana.see("#side")).to_be_hidden()
        await expect(ana.see("#channel-title")).to_have_text("# general")
    assert ana.complaints == []


async def test_a_comparison_fits_the_window(place: Place) -> None:
    person = place.of_the_page("ana")
    options: dict[str, Any] = {
        "embedding1": "demo-watermark",
        "embedding2": "demo-tinted",
        "embedding3": "demo-washed-out",
    }
    await person.slash("compare", prompt="a red fish in the sea", **options)
    async with open_page(place.discord.base_url, "ana", width=PHONE) as ana:
        await expect(ana.see(".picture img")).to_have_count(1, timeout=120_000)
        await expect(ana.see(".foot button", "all together")).to_be_visible()
        assert await too_wide(ana) == []
    assert ana.complaints == []
