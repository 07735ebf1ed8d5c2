"""The stock: models and embeddings by all of their names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embeddings.architecture import Architecture
from services.errors import UnknownName
from services.stock import Stock
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock, an_entry, embedding_file
from tests.refusals import refused
from tests.sentences.checkpoints import NOT_INSTALLED, UNKNOWN_MODEL
from tests.sentences.planning import UNKNOWN_EMBEDDING

ENDINGS = ["", ".safetensors", ".pt", ".bin", ".png", ".PT", ".SafeTensors"]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    folder = tmp_path_factory.mktemp("embeddings")
    embedding_file(folder, "v2.pt", seed=9)
    entries = [
        an_entry("watermark", title="Text", aliases=("stamp",)),
        an_entry("EasyNegative", Architecture.SD1, aliases=("easyneg",), title="Easy"),
    ]
    shelf = a_shelf(
        tmp_path_factory.mktemp("checkpoints"),
        a_checkpoint("demo", aliases=("tiny",)),
        a_checkpoint("other"),
        missing=[a_checkpoint("absent")],
    )
    return a_stock(a_library(folder, ["watermark", "blur"], entries), shelf)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["watermark", "WATERMARK", "stamp", "Text"])
def test_an_installed_embedding_is_found_with_or_without_a_files_ending(stock: Stock, name: str, ending: str) -> None:
    installed = stock.embedding(name + ending)
    assert installed is not None
    assert installed.id == "watermark"
    assert stock.named_embedding(name + ending) is installed


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["EasyNegative", "easyneg"])
def test_a_known_embedding_is_found_with_or_without_a_files_ending(stock: Stock, name: str, ending: str) -> None:
    entry = stock.catalog_entry(name + ending)
    assert entry is not None
    assert entry.id == "EasyNegative"
    assert stock.embedding(name + ending) is None


@pytest.mark.parametrize("name", ["v2.pt", "v2.pt.safetensors", "V2.PT"])
def test_a_name_that_looks_like_an_ending_is_found_as_it_is(stock: Stock, name: str) -> None:
    installed = stock.embedding(name)
    assert installed is not None
    assert installed.id == "v2.pt"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("watermark.safetensors", "watermark"),
        ("Stamp.PT", "Stamp"),
        ("easyneg.bin", "easyneg"),
        ("v2.pt", "v2.pt"),
        ("v2.pt.png", "v2.pt"),
        ("blur", "blur"),
        ("unknown.pt", "unknown.pt"),
    ],
)
def test_a_name_loses_a_files_ending_only_if_it_is_known_without(stock: Stock, name: str, plain: str) -> None:
    assert stock.plain_name(name) == plain


@pytest.mark.parametrize("name", ["v2", "watermark.zip", "watermark.safetensors.pt", ".pt", "watermarks", ""])
def test_other_names_are_not_found(stock: Stock, name: str) -> None:
    assert stock.embedding(name) is None
    assert stock.catalog_entry(name) is None


@pytest.mark.parametrize(
    ("word", "is_embedding"),
    [
        ("watermark", True),
        ("Stamp", True),
        ("stamp.bin", True),
        ("blur", True),
        ("easynegative", True),
        ("easyneg.pt", True),
        ("text", False),  # a title, which may be an ordinary word
        ("easy", False),
        ("unheard of", False),
        ("", False),
    ],
)
def test_a_word_is_an_embedding_if_it_is_an_id_or_an_alias(stock: Stock, word: str, is_embedding: bool) -> None:
    assert stock.is_embedding(word) is is_embedding


def test_an_unknown_embedding_is_refused_with_similar_names(stock: Stock) -> None:
    with refused(f"{UNKNOWN_EMBEDDING.format(name='watermrak')} Did you mean one of these? watermark", UnknownName):
        stock.named_embedding("watermrak")
    with refused("none yet", UnknownName):
        a_stock().named_embedding("any")
    with pytest.raises(UnknownName) as caught:
        stock.named_embedding("x" * 5000)
    assert len(str(caught.value)) < 200


def test_without_a_name_the_default_model_is_used(stock: Stock) -> None:
    assert stock.checkpoint(None).id == stock.installed_checkpoint(None).id == "demo"
    assert stock.checkpoint("TINY").id == "demo"
    assert stock.installed_checkpoint("other").id == "other"


@pytest.mark.parametrize("wanted", ["absent", "nonsense"])
def test_a_default_model_that_is_missing_is_replaced_by_an_installed_one(stock: Stock, wanted: str) -> None:
    assert replace(stock, default_model=wanted).installed_checkpoint(None).id == "demo"


def test_a_described_model_can_be_looked_up_but_not_used(stock: Stock) -> None:
    assert stock.checkpoint("absent").id == "absent"
    with refused(NOT_INSTALLED.format(model="Absent")):
        stock.installed_checkpoint("absent")


def test_an_unknown_model_is_refused(stock: Stock) -> None:
    for find in (stock.checkpoint, stock.installed_checkpoint):
        with refused(UNKNOWN_MODEL.format(name="dmo"), UnknownName):
            find("dmo")


@pytest.mark.parametrize(("model", "is_there"), [("demo", True), ("tiny", True), ("absent", False), ("dmo", False)])
def test_only_installed_models_are_there(stock: Stock, model: str, is_there: bool) -> None:
    assert stock.has_model(model) is is_there
