"""Pictures whose files are unusual: what the member reads."""

from __future__ import annotations

import asyncio

import pytest

from playground import Message, Person, Reply
from tests.acceptance.conftest import Place
from tests.sentences.identify import STILL_READING, UNREADABLE_PROGRAM
from tests.services.infotext.files.builders import PIXELS, TEXT, bomb, chunk, jpeg, png, segment, text_chunk, webp
from tests.services.infotext.programs.samples import READ

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def answer(person: Person, data: bytes, name: str = "p.png") -> Message:
    return await final(await person.slash("identify", picture=(name, data)))


async def final(reply: Reply) -> Message:
    return await reply.until(lambda message: not message.thinking and bool(message.text), 60)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("after.png", png(PIXELS, text_chunk(b"parameters", TEXT, "tEXt"))),
        ("comment.jpg", jpeg(segment(0xFE, TEXT.encode()))),
        ("xmp.webp", webp((b"XMP ", f"<dc:description><rdf:li>{TEXT}</rdf:li>".encode()))),
    ],
)
async def test_text_is_found_wherever_the_file_has_it(place: Place, name: str, data: bytes) -> None:
    card = await answer(place.person("ana"), data, name)
    assert TEXT in card.text
    assert card.buttons


async def test_crafted_files_hold_nobody_up(place: Place) -> None:
    crafted = png(PIXELS, *[chunk(b"zTXt", b"parameters\0\0" + bomb(8 * 2**20))] * 1000)
    people = [place.person(f"member{n}") for n in range(8)]
    readings = [asyncio.create_task(answer(person, crafted)) for person in people]
    async with asyncio.timeout(20):
        card = await final(await place.person("ana").slash("imagine", prompt="a fish", steps=2, size="64x64"))
    assert card.text
    for reading in readings:
        assert (await reading).text


async def test_a_member_has_one_picture_read_at_a_time(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    data = png(PIXELS, text_chunk(b"parameters", TEXT, "tEXt"))
    place.discord.faults.delay("POST", "/interactions/*/callback", 1.0, times=2)
    *anas, bens = await asyncio.gather(answer(ana, data), answer(ana, data), answer(ben, data))
    refused, read = sorted((message.text for message in anas), key=len)
    assert STILL_READING in refused
    assert TEXT in read
    assert TEXT in bens.text
    assert TEXT in (await answer(ana, data)).text


@pytest.mark.parametrize("program", READ)
async def test_other_programs_pictures_are_read_too(place: Place, program: str) -> None:
    texts = (text_chunk(keyword.encode(), text, "iTXt") for keyword, text in READ[program].items())
    card = await answer(place.person("ana"), png(*texts, PIXELS))
    assert f"Version: {program}" in card.text
    assert "EasyNegative, known, not installed" in card.text
    assert "unknown model some mix" in card.text
    assert card.buttons


async def test_a_program_that_cannot_be_read_is_named(place: Place) -> None:
    data = png(text_chunk(b"Description", "a red fish Job ID: 12", "tEXt"), PIXELS)
    assert UNREADABLE_PROGRAM in (await answer(place.person("ana"), data)).text
