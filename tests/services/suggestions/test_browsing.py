"""Paging through installed embeddings and those that could be installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from services.errors import UnknownName
from services.stock import Stocks
from services.suggestions.browsing import PER_PAGE, Browsing, Show
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock, an_entry
from tests.refusals import refused
from tests.sentences.checkpoints import UNKNOWN_MODEL

ENTRIES = (
    an_entry("here", targets=("blur",)),
    an_entry("hands", Architecture.SD1, targets=("deformed hands",), rank=2),
    an_entry("first", Architecture.SD1, targets=("general quality",), rank=1),
    *(an_entry(f"xl-{number:02d}", Architecture.SDXL, rank=number) for number in range(PER_PAGE)),
)


@pytest.fixture
def browsing(tmp_path: Path) -> Browsing:
    shelf = a_shelf(tmp_path / "models", a_checkpoint(), missing=[a_checkpoint("sd15", Architecture.SD1)])
    return Browsing(Stocks(a_stock(a_library(tmp_path / "embeddings", ["here", "mine"], ENTRIES), shelf)))


def ids(browsing: Browsing, number: int = 0, **filters) -> list[str]:
    page = browsing.page(number, None, **{"model": None, "target": None, "show": Show.ALL, **filters})
    return [listing.id for listing in page.listings]


def test_installed_embeddings_come_first_and_none_is_listed_twice(browsing: Browsing) -> None:
    assert ids(browsing)[:4] == ["here", "mine", "first", "hands"]
    everything = ids(browsing) + ids(browsing, 1)
    assert len(everything) == len(set(everything)) == len(ENTRIES) + 1


def test_filters_leave_only_what_matches(browsing: Browsing) -> None:
    assert ids(browsing, show=Show.INSTALLED) == ["here", "mine"]
    assert ids(browsing, show=Show.MISSING)[:2] == ["first", "hands"]
    assert ids(browsing, model="sd15") == ["first", "hands"]
    assert ids(browsing, model="demo") == ["here", "mine"]
    assert ids(browsing, target="hand") == ["hands"]
    assert ids(browsing, target="blurr", show=Show.INSTALLED) == ["here"]
    assert ids(browsing, target="zebra") == []


def test_there_is_no_page_before_the_first_or_after_the_last(browsing: Browsing) -> None:
    page = browsing.page(99, None, model=None, target=None, show=Show.ALL)
    assert (page.number, page.pages, page.total) == (1, 2, len(ENTRIES) + 1)
    assert browsing.page(-3, None, model=None, target=None, show=Show.ALL).number == 0
    assert browsing.page(0, None, model=None, target="zebra", show=Show.ALL).pages == 1


def test_an_unknown_model_is_refused(browsing: Browsing) -> None:
    with refused(UNKNOWN_MODEL.format(name="sd99"), UnknownName):
        ids(browsing, model="sd99")


def test_targets_are_offered_the_most_frequent_first(browsing: Browsing) -> None:
    assert browsing.targets(None)[0] == "general quality"
    assert {"blur", "deformed hands"} < set(browsing.targets(None))
