"""The playground's page in a real browser with the real bot, used only with the keyboard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.acceptance.conftest import Place
from tests.acceptance.page_driver import CHROMIUM, Visitor, open_page

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}; apt install chromium"),
]
PICTURE = 120_000  # ms; rendering takes a second or two, or much longer on a busy machine
SCREENSHOT = Path(__file__).parents[2] / "docs" / "playground.png"


@pytest.mark.timeout(420)
async def test_everything_can_be_done_with_the_keyboard(place: Place, tmp_path: Path) -> None:
    for name in ("ana", "ben", "mod"):
        place.of_the_page(name)
    async with open_page(place.discord.base_url, "ana") as ana:
        await fill_in_a_command(ana)
        await expect(ana.see(".picture img")).to_have_count(1, timeout=PICTURE)
        await react(ana)
        await expect(ana.see(".picture img")).to_have_count(2, timeout=PICTURE)
        await expect(ana.see(".context", "replying to")).to_contain_text("a red fish in the sea")
        await fill_in_the_form(ana)
        await expect(ana.see(".picture img")).to_have_count(3, timeout=PICTURE)
        await expect(ana.see("#log")).to_have_attribute("aria-busy", "false")
        sizes = await ana.image_sizes()
        assert all(width > 0 and width == height for width, height, _ in sizes)
        assert [alt.partition(";")[0] for _, _, alt in sizes] == [
            *["a red fish in the sea"] * 2,
            "a yellow house in the snow",
        ]
        assert sizes[2][2].endswith("avoiding demo-artifacts, demo-watermark")
        stray = "(all) => all.flatMap((body) => [...body.childNodes]).filter((node) => node.nodeType === 3).length"
        assert await ana.see(".body").evaluate_all(stray) == 0
        await look_closer(ana)
        await ana.press("ArrowUp")
        await expect(ana.see("#composer-input")).to_have_value("/compose")
        await keep_a_screenshot(ana, tmp_path)
        assert await ana.nameless() == []
        assert await ana.faint() == []
    assert ana.complaints == []


async def fill_in_a_command(ana: Visitor) -> None:
    """Type a slash, pick the command, and fill in its prompt and an option with autocomplete."""
    await ana.press("/")
    await expect(ana.see("[role=listbox]")).to_be_visible()
    await ana.type("imag")
    await expect(ana.see("[role=option][aria-selected=true]")).to_contain_text("/imagine")
    await ana.press("Enter")
    await ana.type("a red fish in the sea")
    await ana.press("Tab")
    await ana.type("embedding1")
    await ana.press("Enter")
    await ana.type("artif")
    chosen = ana.see("[role=option][aria-selected=true]", "demo-artifacts")
    await expect(chosen).to_be_visible()
    pointed = await ana.focused(
        "(node) => document.getElementById(node.getAttribute('aria-activedescendant'))?.textContent"
    )
    assert "demo-artifacts" in pointed
    await ana.press("Enter", "Enter")


async def react(ana: Visitor) -> None:
    """Go from the composer back to the picture, and choose the first emoji of its palette."""
    await expect(ana.see(".reaction")).to_have_text("🔁1")
    await ana.go_back_to("[data-key=react]")
    await ana.press("Enter")
    await expect(ana.see(".palette:popover-open")).to_be_visible()
    await ana.press("ArrowRight", "ArrowLeft")
    assert await ana.focused("(node) => node.textContent") == "🔁"
    await ana.press("Enter")
    await expect(ana.see(".reaction[aria-pressed=true]")).to_have_text("🔁2")


async def fill_in_the_form(ana: Visitor) -> None:
    """Open the form with a command, and choose a second embedding in it."""
    await ana.press("/")
    await ana.type("compose")
    await ana.press("Enter", "Enter")
    form = ana.see("dialog.form")
    await expect(form).to_be_visible()
    assert await ana.nameless() == []
    await ana.press("Control+Enter")
    await expect(form.locator(".error")).to_have_text("'Prompt' is required.")
    await ana.type("a yellow house in the snow")
    await ana.press("Tab")
    await ana.type("blurry")
    await ana.press("Tab", "Tab", "Space")
    await expect(form.locator(".boxes .count")).to_have_text("2 selected, 1 to 3 allowed")
    await ana.press("Control+Enter")
    await expect(form).to_have_count(0)


async def look_closer(ana: Visitor) -> None:
    """Open a picture in full size, with its description, and go back to it with Escape."""
    await ana.go_back_to(".picture")
    await ana.press("Enter")
    await expect(ana.see("dialog.large figcaption")).to_contain_text("a yellow house in the snow")
    await ana.press("Escape")
    await expect(ana.see("dialog")).to_have_count(0)
    assert await ana.focused("(node) => node.matches('.picture')")
    await ana.press("/")
    await ana.press("Backspace")


async def keep_a_screenshot(ana: Visitor, tmp_path: Path) -> None:
    """Take the README's screenshot: a picture, and the next command half typed. Overwrite the file only on request."""
    await ana.press("Control+A")
    await ana.type("/imag")
    await ana.press("Enter")
    await ana.type("a pink star at night")
    await ana.press("Tab")
    await ana.type("embedding1:demo-washed-out")
    await ana.press("Tab", "Escape")
    path = SCREENSHOT if os.environ.get("WRITE_SCREENSHOT") == "1" else tmp_path / "playground.png"
    path.parent.mkdir(exist_ok=True)
    await ana.page.screenshot(path=path)
    assert path.stat().st_size < 400_000
