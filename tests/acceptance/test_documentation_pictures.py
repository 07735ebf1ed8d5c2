"""The pictures in the documentation are cards of the bot, as the page shows them. Files are overwritten only on request."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.acceptance.conftest import Place, drawn
from tests.acceptance.page_driver import CHROMIUM, Visitor, open_page

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}; apt install chromium"),
]
ROOT = Path(__file__).parents[2]
PICTURE = 120_000  # ms


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ROOT if os.environ.get("WRITE_SCREENSHOT") == "1" else tmp_path


async def keep(visitor: Visitor, message_id: int, path: Path) -> None:
    """Take a picture of one message."""
    message = visitor.see(f"article[data-id='{message_id}']")
    await expect(message).to_be_visible(timeout=PICTURE)
    await message.scroll_into_view_if_needed()
    path.parent.mkdir(parents=True, exist_ok=True)
    await message.screenshot(path=path)
    with Image.open(path) as picture:  # 256 colours are enough for a card, in a quarter of the bytes
        picture.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    assert path.stat().st_size < 250_000


async def test_the_pair_that_explains_it_all(place: Place, folder: Path) -> None:
    ana = place.person("ana")
    reply = await ana.slash("compare", prompt="a red fish in the sea", embedding1="demo-watermark", seed=3)
    data = await place.discord.fetch((await drawn(reply)).attachments[0])
    path = folder / "playground" / "page" / "static" / "pair.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    assert (await drawn(reply)).text.startswith("**a red fish in the sea**")


@pytest.mark.timeout(420)
async def test_the_cards_of_choosing_and_combining(place: Place, folder: Path) -> None:
    person = place.of_the_page("ana")
    async with open_page(place.discord.base_url, "ana", width=900, height=2400) as ana:
        options = {"embedding1": "demo-watermark", "embedding2": "demo-tinted", "seed": 3}
        sheet = await drawn(await person.slash("compare", prompt="a red fish in the sea", **options))
        await keep(ana, sheet.id, folder / "docs" / "cards" / "compare.png")
        picture = await drawn(
            await person.slash("imagine", prompt="a red fish in the sea", negative="blurry, low quality", **options)
        )
        await keep(ana, picture.id, folder / "docs" / "cards" / "imagine.png")
        info = await drawn(await person.slash("embedding info", name="demo-watermark"))
        await keep(ana, info.id, folder / "docs" / "cards" / "info.png")
        assert await ana.see(f"article[data-id='{info.id}'] .body img").count() == 1, (
            "its picture is shown once, in its embed"
        )
        help_ = await drawn(await person.slash("help"))
        await keep(ana, help_.id, folder / "docs" / "cards" / "help.png")
        page = await person.slash("embedding browse", model="demo")
        assert page.message is not None
        await keep(ana, page.message.id, folder / "docs" / "cards" / "browse.png")
    assert ana.complaints == []
