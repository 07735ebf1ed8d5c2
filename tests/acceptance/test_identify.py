"""A picture carries its settings, and anyone who has it can render it again."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from playground import Message, Person, Reply
from services.infotext.metadata import exif_of, read_text
from tests.acceptance.conftest import Place, details_of, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: the hash of EasyNegative is that of its real file; the other embedding doesn't exist
A1111 = (
    "a woman in the rain\n"
    "Negative prompt: EasyNegative, (stranger:0.8), blurry\n"
    "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 42, Size: 512x768, Model hash: 0123456789, "
    'Model: someMix v3, VAE: some.pt, TI hashes: "EasyNegative: c74b4e810b03, stranger: 5e40d7000000", Version: v1.9.4'
)


def picture(text: str | None = None, form: str = "PNG") -> bytes:
    """A small picture from another program."""
    file, chunk = io.BytesIO(), PngInfo()
    if text is not None and form == "PNG":
        chunk.add_text("parameters", text)
    more = {"pnginfo": chunk} if form == "PNG" else {"exif": exif_of(text or "")}
    Image.new("RGB", (16, 16), "navy").save(file, form, **more)
    return file.getvalue()


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB").tobytes()


async def fetched(place: Place, message: Message, number: int = 0) -> bytes:
    return await place.discord.fetch(message.attachments[number])


async def first_picture(person: Person, **more: object) -> Message:
    request = {
        "prompt": "a yellow star at night, (bright:1.1)", "negative": "blurry, low  quality,", "embedding1": "demo-tinted",
        "embedding2": "demo-washed-out:0.7", "seed": 9, "steps": 5, "cfg": 4.5, "sampler": "euler",
    }  # fmt: skip
    return await drawn(await person.slash("imagine", **{**request, **more}))


async def card_of(reply: Reply) -> Message:
    return await reply.until(lambda message: not message.thinking and bool(message.text), 30)


async def redrawn(person: Person, card: Message, values: dict[str, str] | None = None) -> Message:
    form = (await person.click(card, "Fill /imagine")).modal
    assert form is not None
    return await drawn(await person.submit(form, values or {}))


async def test_an_uploaded_picture_is_reproduced_pixel_for_pixel(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await fetched(place, await first_picture(ana))
    card = await card_of(await ben.slash("identify", picture=("star.png", first)))
    assert card.ephemeral
    for said in (
        "Negative prompt: demo-tinted, (demo-washed-out:0.7), blurry",
        "demo-washed-out, installed",
        "Demo, installed",
    ):
        assert said in card.text
    again = await fetched(place, await redrawn(ben, card))
    assert pixels(again) == pixels(first)
    assert read_text(again) == read_text(first)


async def test_a_messages_menu_does_the_same(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    message = await first_picture(ana, count=2)
    card = await card_of(await ben.context_menu("Identify picture", message))
    assert card.ephemeral
    assert "That message has 1 more picture" in card.text
    assert pixels(await fetched(place, await redrawn(ben, card))) == pixels(await fetched(place, message))


async def test_each_picture_of_a_message_carries_its_own_seed(place: Place) -> None:
    ana = place.person("ana")
    both = await first_picture(ana, count=2)
    second = await fetched(place, both, 1)
    card = await card_of(await ana.slash("identify", picture=("second.png", second)))
    again = await redrawn(ana, card)
    assert len(again.attachments) == 1
    assert "seed 10 ·" in again.text
    assert pixels(await fetched(place, again)) == pixels(second)


async def test_everything_in_the_form_can_be_changed(place: Place) -> None:
    ana = place.person("ana")
    card = await card_of(await ana.context_menu("Identify picture", await first_picture(ana)))
    form = (await ana.click(card, "Fill /imagine")).modal
    assert form is not None
    fields = {field.label: field.item for field in form.fields}
    assert list(fields) == ["Prompt", "Negative prompt", "Negative embeddings", "Settings"]
    assert getattr(fields["Negative prompt"], "value", None) == "blurry, low  quality,"
    assert getattr(fields["Negative embeddings"], "chosen", None) == ("demo-tinted", "demo-washed-out:0.7")
    settings = "Steps: 5, Sampler: Euler, CFG scale: 4.5, Seed: 9, Size: 64x64, Model: Demo"
    assert getattr(fields["Settings"], "value", None) == settings
    changed = {"Settings": "Steps: 4, CFG scale: 3", "Negative embeddings": ["demo-watermark"], "Negative prompt": ""}
    message = await drawn(await ana.submit(form, changed))
    assert "`demo-watermark`" in message.text
    assert "CFG 3 · 4 steps" in await details_of(ana, message)
    assert "blurry" not in message.text


async def test_an_invalid_setting_is_refused_with_a_sentence(place: Place) -> None:
    ana = place.person("ana")
    card = await card_of(await ana.context_menu("Identify picture", await first_picture(ana)))
    for typed, sentence in (
        ("Stps: 4", "There's no setting 'Stps' here; you can set Steps, Sampler"),
        ("Steps: many", "Steps must be a whole number, for example Steps: 20; you gave 'many'."),
        ("20 steps", "'20 steps' isn't a setting"),
    ):
        form = (await ana.click(card, "Fill /imagine")).modal
        assert form is not None
        assert sentence in (await ana.submit(form, {"Settings": typed})).text


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
async def test_another_programs_picture_is_compared_with_what_is_installed(place: Place, form: str) -> None:
    ana = place.person("ana")
    card = await card_of(await ana.slash("identify", picture=(f"p.{form.lower()}", picture(A1111, form))))
    for said in (
        "EasyNegative, known, not installed", "unknown 5e40d7…", "unknown model someMix v3 (0123456789)",
        "EasyNegative is left out because it isn't installed here; its page is https://civitai.com/models/7808",
        "stranger is left out", "Its size is left out", "Not used here: VAE.",
    ):  # fmt: skip
        assert said in card.text
    message = await redrawn(ana, card)
    assert "`demo-artifacts`; in words: blurry" in message.text
    assert "20 steps · DPM++ 2M Karras" in await details_of(ana, message)
    assert "seed 42 ·" in message.text


async def test_a_long_infotext_is_attached_as_a_file(place: Place) -> None:
    ana = place.person("ana")
    words = ", ".join(f"word{n}" for n in range(10)) + " ```quoted```"
    long = A1111.replace("blurry", f"{words}\n{'blurry ' * 450}")
    card = await card_of(await ana.slash("identify", picture=("p.png", picture(long))))
    assert [file.filename for file in card.attachments] == ["parameters.txt"]
    form = (await ana.click(card, "Fill /imagine")).modal
    assert form is not None
    assert getattr(form.fields[1].item, "value", None) == f"{words}\n{'blurry ' * 450}".strip()


async def test_a_file_without_an_infotext_gets_a_sentence(place: Place) -> None:
    ana = place.person("ana")
    for name, data, sentence in (
        ("photo.jpg", picture(form="JPEG"), "That picture has no generation metadata. Screenshots"),
        ("photo.png", picture(), "That picture has no generation metadata. Screenshots"),
        ("notes.txt", b"hello", "I can't read that file; please send a PNG, JPEG or WebP picture."),
        ("other.png", picture('{"prompt": "a fish"}'), "isn't in A1111's format"),
    ):
        reply = await ana.slash("identify", picture=(name, data))
        answer = await reply.until(lambda message: not message.thinking and bool(message.text))
        assert answer.ephemeral
        assert sentence in answer.text
        assert not answer.buttons


async def test_a_message_without_a_picture_has_nothing_to_identify(place: Place) -> None:
    ana = place.person("ana")
    reply = await ana.context_menu("Identify picture", await ana.say("hello"))
    assert reply.text == "There's no PNG, JPEG or WebP picture in that message."


async def test_it_works_in_a_direct_message_too(place: Place) -> None:
    ana = place.person("ana")
    ana.go_to(place.discord.world.direct_channel(ana.user))
    card = await card_of(await ana.slash("identify", picture=("p.png", picture(A1111))))
    assert "EasyNegative, known, not installed" in card.text


async def test_a_card_outlives_a_restart(place: Place) -> None:
    ana = place.person("ana")
    card = await card_of(await ana.context_menu("Identify picture", await first_picture(ana)))
    await place.bot.restart()
    form = (await ana.click(card, "Fill /imagine")).modal
    assert form is not None
    assert "Model: Demo" in str(getattr(form.fields[3].item, "value", ""))
