"""The card of an identified picture carries the whole text, within Discord's limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cogs.identify.card import MAX_BLOCK, TEXT_FILE, identify_card, text_in
from services.infotext.identifier import Identifier
from services.stock import Stocks
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock
from tests.cogs.discord_markup import shown

LINE = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 42, Size: 64x64"


@pytest.fixture
def identifier(tmp_path: Path) -> Identifier:
    shelf = a_shelf(tmp_path / "models", a_checkpoint("demo"))
    library = a_library(tmp_path / "embeddings", ["one"])
    return Identifier(Stocks(a_stock(library, shelf)))


def card_of(identifier: Identifier, text: str, num_others: int = 0) -> tuple[str, bytes | None]:
    """The description and the file, after checking Discord's limits."""
    embed, files = identify_card(text, identifier.again(text, None, None), num_others)
    assert len(embed) <= 6000
    assert len(embed.description or "") <= 4096
    assert all(1 <= len(field.value or "") <= 1024 for field in embed.fields)
    return embed.description or "", files[0].fp.read() if files else None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(prompt=st.text(st.characters(codec="utf-8", exclude_categories=["C"]) | st.sampled_from("`\n"), max_size=200))
def test_the_text_is_read_back_from_the_card(identifier: Identifier, prompt: str) -> None:
    text = f"{prompt}\nNegative prompt: one, `blurry`\n{LINE}".strip()
    description, file = card_of(identifier, text)
    assert (file.decode() if file is not None else text_in(description)) == text


def test_a_text_that_is_too_long_is_in_a_file(identifier: Identifier) -> None:
    text = f"{'word ' * MAX_BLOCK}\n{LINE}"
    description, file = card_of(identifier, text)
    assert description.endswith(f"The whole text is in {TEXT_FILE}.")
    assert file == text.encode()
    assert text_in(description) is None


def test_what_does_not_fit_of_a_thousand_embeddings_is_counted(identifier: Identifier) -> None:
    hashes = ", ".join(f"stranger{n}: {n:012x}" for n in range(1000))
    text = f'a\nNegative prompt: {", ".join(f"stranger{n}" for n in range(1000))}\n{LINE}, TI hashes: "{hashes}"'
    found = identifier.again(text, None, None)
    embed, _ = identify_card(text, found, 0)
    embeddings, _, here = (field.value or "" for field in embed.fields)
    for value, total in ((embeddings, 1000), (here, len(found.notes))):
        *shown, last = value.splitlines()
        assert last == f"… and {total - len(shown)} more"
        assert len(value) <= 1024


@pytest.mark.parametrize(("others", "words"), [(1, "That message has 1 more picture;"), (3, "has 3 more pictures;")])
def test_other_pictures_of_the_message_are_mentioned(identifier: Identifier, others: int, words: str) -> None:
    text = f"a\n{LINE}"
    embed, _ = identify_card(text, identifier.again(text, None, None), others)
    assert words in (embed.footer.text or "")


def test_names_from_the_picture_are_shown_as_they_are_written(identifier: Identifier) -> None:
    hashes = 'TI hashes: "[free](https://example.com): 0123456789ab, *bold*: 123456789abc"'
    embed, _ = identify_card(f"a\n{LINE}, {hashes}", identifier.again(f"a\n{LINE}, {hashes}", None, None), 0)
    for field in embed.fields:
        shown(field.value or "")
    assert "\\*bold\\*: unknown" in (embed.fields[0].value or "")
