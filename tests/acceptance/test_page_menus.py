"""Messages' menus, the form behind a private card, and files for commands, on the playground's page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.conftest import Place, drawn
from tests.acceptance.page_driver import CHROMIUM, Visitor, open_page

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}; apt install chromium"),
    pytest.mark.timeout(300),
]
PICTURE = 120_000  # ms
CARD = ".message.private"
REQUEST = {
    "prompt": "a red fish in the sea", "negative": "blurry", "embedding1": "demo-artifacts:0.8", "embedding2": "demo-tinted",
    "seed": 7, "steps": 5, "cfg": 4.5,
}  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_picture_is_identified_and_rendered_again_with_the_keyboard(place: Place, scheme: str) -> None:
    await drawn(await place.of_the_page("ana").slash("imagine", **REQUEST))
    async with open_page(place.discord.base_url, "ana", scheme=scheme) as ana:
        await to_the_composer(ana)
        await ana.go_back_to("[data-key=more]")
        await go_through_the_menu(ana)
        await ana.press("Enter", "Enter")
        await expect(ana.see(f"{CARD} .card")).to_contain_text(
            "Negative prompt: (demo-artifacts:0.8), demo-tinted, blurry"
        )
        assert await ana.focused("(node) => node.dataset.key") == "more"
        assert await ana.see(f"{CARD} [data-key=more]").count() == 0
        await to_the_composer(ana)
        await ana.go_back_to(f"{CARD} .button")
        await ana.press("Enter")
        await read_the_form(ana.see("dialog.form"))
        assert await ana.nameless() == []
        assert await ana.faint() == []
        await ana.press("Control+Enter")
        await expect(ana.see("dialog")).to_have_count(0)
        await expect(ana.see(".picture img")).to_have_count(2, timeout=PICTURE)
        first, second = await ana.see(".picture img").evaluate_all("(all) => all.map((image) => image.alt)")
        assert first == second
    assert ana.complaints == []


async def to_the_composer(ana: Visitor) -> None:
    await ana.press("/", "Backspace")


async def go_through_the_menu(ana: Visitor) -> None:
    """Opening it focuses its entry, only Escape and Tab leave it, and both continue from the button."""
    menu = ana.see(".menu:popover-open")
    more = ana.see("[data-key=more]")
    await expect(more).to_have_attribute("aria-expanded", "false")
    for key in ("Escape", "Tab"):
        await ana.press("Enter")
        await expect(menu).to_be_visible()
        await expect(more).to_have_attribute("aria-expanded", "true")
        await ana.press("ArrowDown", "ArrowUp", "ArrowUp", "End", "Home")
        assert await ana.focused("(node) => [node.role, node.textContent]") == ["menuitem", "Identify picture"]
        assert await ana.nameless() == []
        assert await ana.faint() == []
        await ana.press(key)
        await expect(menu).to_have_count(0)
        await expect(more).to_have_attribute("aria-expanded", "false")
        if key == "Tab":
            await ana.press("Shift+Tab")
        assert await ana.focused("(node) => node.dataset.key") == "more"


async def read_the_form(form: Locator) -> None:
    """The form is filled in as the card says."""
    await expect(form).to_be_visible()
    assert await form.locator("label:has(+ *), legend").count() >= 4
    assert await form.locator(".field input, .field textarea").evaluate_all(
        "(all) => all.map((field) => field.value)"
    ) == [
        "a red fish in the sea",
        "blurry",
        "Steps: 5, Sampler: DPM++ 2M, CFG scale: 4.5, Seed: 7, Size: 64x64, Model: Demo",
    ]
    chosen = await form.locator(".boxes :checked").evaluate_all("(all) => all.map((field) => field.value)")
    assert chosen == ["demo-artifacts:0.8", "demo-tinted"]


async def test_the_menu_is_opened_and_closed_with_the_mouse(place: Place) -> None:
    await drawn(await place.of_the_page("ana").slash("imagine", **REQUEST))
    async with open_page(place.discord.base_url, "ana") as ana:
        menu = ana.see(".menu:popover-open")
        picture = ana.see(".picture")
        await picture.click(button="right")
        await expect(menu).to_be_visible()
        middle, box = await picture.bounding_box(), await menu.bounding_box()
        assert middle is not None
        assert box is not None
        assert abs(box["x"] - (middle["x"] + middle["width"] / 2)) < 3
        await ana.page.mouse.click(5, 5)
        await expect(menu).to_have_count(0)
        await ana.see(".message").hover()
        await ana.see("[data-key=more]").click()
        await ana.see("[role=menuitem]").click()
        await expect(menu).to_have_count(0)
        await expect(ana.see(CARD)).to_contain_text("What this picture's metadata says")
        await ana.see(f"{CARD} .button").hover()
        assert await ana.faint() == []
        await ana.see(f"{CARD} .card").click(button="right")
        await expect(menu).to_have_count(0)
    assert ana.complaints == []


async def test_a_file_is_uploaded_for_a_command(place: Place, tmp_path: Path) -> None:
    message = await drawn(await place.of_the_page("ana").slash("imagine", **REQUEST))
    file, large = tmp_path / "mine.png", tmp_path / "large.png"
    file.write_bytes(await place.discord.fetch(message.attachments[0]))
    large.write_bytes(bytes(10 * 1024 * 1024 + 1))
    async with open_page(place.discord.base_url, "ana") as ana:
        await ana.press("/")
        await ana.type("identify picture:mine.png")
        await ana.press("Enter")
        words = "picture needs a file: choose the command from the list and attach the file there."
        await expect(ana.see(".composer .error")).to_have_text(words)
        await ana.press("Control+A")
        await ana.type("/identify")
        await ana.press("Enter")
        assert await ana.focused("(node) => node.type") == "file"
        await ana.see(".chip input[type=file]").set_input_files(large)
        await ana.see(".send").click()
        await expect(ana.see(".composer .error")).to_have_text("large.png is larger than 10 MB, Discord's limit.")
        await ana.see(".chip input[type=file]").set_input_files(file)
        await ana.see(".send").click()
        await expect(ana.see(f"{CARD} .card")).to_contain_text("a red fish in the sea")
    assert ana.complaints == []
