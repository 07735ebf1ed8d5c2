"""The card under a picture, the buttons that go on from it, and the buttons under a refusal."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from playground import Message
from tests.acceptance.conftest import Place, details_of, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")


def labels(message: Message) -> list[str]:
    return [button.label for button in message.buttons]


async def test_everything_else_is_behind_details_and_private(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    request = {
        "prompt": "a fish",
        "negative": "blurry",
        "embedding1": "demo-tinted:0.8",
        "steps": 4,
        "cfg": 5,
        "seed": 7,
    }
    message = await drawn(await ana.slash("imagine", **request))
    for hidden in ("CFG", "steps", "DPM++", "of 75"):
        assert hidden not in message.text
    reply = await ben.click(message, "Details")
    assert reply.message is not None
    assert reply.message.ephemeral
    for said in (
        "Negative prompt: (demo-tinted:0.8), blurry", "CFG 5 · 4 steps · DPM++ 2M", "negative 2 + 1 = 3 of 75",
        "`demo-tinted:0.8` · 2 vectors · file ", "Steps: 4, Sampler: DPM++ 2M, CFG scale: 5, Seed: 7, Size: 64x64, Model: Demo",
    ):  # fmt: skip
        assert said in reply.text


async def test_anybody_can_edit_a_picture_into_a_request_of_their_own(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    message = await drawn(await ana.slash("imagine", prompt="a fish", embedding1="demo-tinted:0.8", steps=4, seed=7))
    await place.bot.restart()
    form = (await ben.click(message, "Edit")).modal
    assert form is not None
    values = {field.label: getattr(field.item, "value", None) for field in form.fields}
    assert values["Prompt"] == "a fish"
    assert values["Settings"] == "Steps: 4, Sampler: DPM++ 2M, CFG scale: 4, Seed: 7, Size: 64x64, Model: Demo"
    edited = await drawn(await ben.submit(form, {"Prompt": "a red fish"}))
    assert edited.text.startswith("**a red fish**\nAvoids tint, colour cast, green cast with `demo-tinted:0.8`\n")
    assert "seed 7 ·" in edited.text
    assert (await place.row(2)).target.member_id == ben.id


async def test_the_button_of_a_hint_does_what_it_says(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    message = await drawn(await ana.slash("imagine", prompt="a fish", steps=4, seed=7, cfg=2))
    assert message.text.count("💡") == 1
    assert "💡 At CFG 2 negatives have little effect; try 4." in message.text
    assert "Draw with CFG 4" in labels(message)
    await place.bot.restart()
    mended = await drawn(await ben.click(message, "Draw with CFG 4"))
    assert "💡" not in mended.text
    assert "seed 7 ·" in mended.text
    assert "CFG 4 · 4 steps" in await details_of(ben, mended)


@pytest.mark.parametrize(
    ("options", "button", "drawn_with"),
    [
        ({"embedding1": "demo-watermrk:0.8"}, "Draw with demo-watermark", "`demo-watermark:0.8`"),
        (
            {"embedding1": "EasyNegative", "embedding2": "demo-tinted"},
            "Draw with demo-artifacts", "`demo-artifacts` + `demo-tinted`",
        ),
        ({"embedding1": "demo-tinted", "embedding2": "demo-tinted"}, "Use it once", "`demo-tinted`\n"),
        (
            {"embedding1": "demo-tinted, demo-watermark", "embedding2": "demo-artifacts, demo-washed-out"},
            "Draw with the first 3", "`demo-tinted` + `demo-watermark` + `demo-artifacts`\n",
        ),
        ({"size": "50x50"}, "Draw 48x48", "Demo · 48x48"),
        ({"model": "demmo"}, "Draw with Demo", "Demo · 64x64"),
        ({"cfg": 1}, "Draw with CFG 4", "Demo · 64x64"),
        ({"sampler": "DPM++ 2M"}, None, "Demo · 64x64"),
    ],
)  # fmt: skip
async def test_a_refusal_has_a_button_that_mends_it(
    place: Place, options: dict[str, object], button: str | None, drawn_with: str
) -> None:
    ana = place.person("ana")
    reply = await ana.slash("imagine", **{"prompt": "a fish", "seed": 5, "steps": 3, **options})
    if button is not None:
        assert reply.message is not None
        assert reply.message.ephemeral
        assert labels(reply.message) == [button]
        reply = await ana.click(reply.message, button)
    message = await drawn(reply)
    assert drawn_with in message.text
    assert "seed 5 ·" in message.text


async def test_a_refusal_can_be_mended_after_a_restart_and_in_a_comparison(place: Place) -> None:
    ana = place.person("ana")
    reply = await ana.slash("compare", prompt="a fish", embedding1="EasyNegative", seed=3)
    assert reply.message is not None
    await place.bot.restart()
    sheet = await drawn(await ana.click(reply.message, "Draw with demo-artifacts"))
    assert "Left to right: **without** and **demo-artifacts**." in sheet.text


async def test_what_midjourneys_users_write_behind_a_prompt_is_understood(place: Place) -> None:
    prompt = "a red fish in the sea --no text, demo-tinted --ar 2:3 --seed 9"
    message = await drawn(await place.person("ana").slash("imagine", prompt=prompt, steps=3))
    assert message.text.startswith("**a red fish in the sea**\n")
    assert "with `demo-tinted`; in words: text" in message.text
    assert "Demo · 48x80 · seed 9 ·" in message.text
    typed = await drawn(await place.person("ana").slash("imagine", prompt=prompt, steps=3, seed=4, size="64x64"))
    assert "Demo · 64x64 · seed 4 ·" in typed.text


async def test_help_opens_the_form(place: Place) -> None:
    ana = place.person("ana")
    card = await (await ana.slash("help")).until(lambda message: bool(message.buttons))
    form = (await ana.click(card, "Open the form")).modal
    assert form is not None
    assert "a tree" in (await drawn(await ana.submit(form, {"Prompt": "a tree", "Settings": "Steps: 3"}))).text


async def test_variations_are_near_the_picture_and_can_be_rerolled_and_identified(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    request = {"prompt": "a red fish in the sea", "embedding1": "demo-artifacts", "steps": 12, "seed": 7, "count": 2}
    message = await drawn(await ana.slash("imagine", **request))
    form = (await ben.click(message, "Vary")).modal
    assert form is not None
    assert [field.label for field in form.fields] == ["Vary", "How much may it change?", "How many"]
    wanted: dict[str, str | list[str]] = {"Vary": ["1"], "How much may it change?": ["0.1"], "How many": ["2"]}
    near = await drawn(await ben.submit(form, wanted))
    assert "Reroll" not in near.text
    assert "seed 8, varied by 0.1 ·" in near.text
    originals = [await pixels(place, message, index) for index in range(2)]
    varied = [await pixels(place, near, index) for index in range(2)]
    assert 0 < distance(varied[0], originals[1]) < distance(originals[0], originals[1])
    assert distance(*varied) > 0

    again = await drawn(await ana.click(near, "Reroll"))
    assert "seed 8, varied by 0.1 ·" in again.text
    assert distance(await pixels(place, again, 0), varied[0]) > 0
    card = await ana.context_menu("Identify picture", near)
    said = await card.until(lambda seen: "parameters" in seen.text or "metadata says" in seen.text)
    assert "Variation seed strength: 0.1" in said.text


async def pixels(place: Place, message: Message, index: int) -> np.ndarray:
    picture = Image.open(io.BytesIO(await place.discord.fetch(message.attachments[index])))
    return np.asarray(picture.convert("RGB"), dtype=float)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())
