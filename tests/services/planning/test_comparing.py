"""A comparison is one plan: each embedding alone, all together, and never what the server's minimum would demand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.comparison import ALL, WITHOUT
from services.errors import TooManyEmbeddings
from services.planning.comparing import Rows, plan_comparison, shuffled_if_blind, with_and_without
from services.planning.planner import Planner
from services.policy.policy import Policy
from services.requests import GenerationRequest
from services.stock import EmbeddingLimits, Stock
from tests.builders import a_checkpoint, a_library, a_plan, a_shelf, a_stock, choices
from tests.refusals import refused

NAMES = ["blur", "noise", "tint", "watermark", "washed"]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    shelf = a_shelf(tmp_path_factory.mktemp("checkpoints"), a_checkpoint(cfg=6.0, recommended=("tint",)))
    return a_stock(a_library(tmp_path_factory.mktemp("embeddings"), NAMES), shelf)


def request(*embeddings: str, **more: object) -> GenerationRequest:
    return GenerationRequest(**{"prompt": "a fish", "embeddings": choices(*embeddings) or None, "seed": 7, **more})


def test_one_embedding_stands_beside_the_picture_without_it(stock: Stock) -> None:
    plan = plan_comparison(request("blur:0.8"), stock).parameters
    assert plan.comparison is not None
    assert plan.comparison.shown_labels == (WITHOUT, "blur:0.8")
    assert (plan.count, plan.pictures_each, plan.seed) == (2, 1, 7)


def test_four_embeddings_are_more_than_a_request_may_have(stock: Stock) -> None:
    plan = plan_comparison(request(*NAMES[:4]), stock).parameters
    assert plan.comparison is not None
    assert plan.comparison.shown_labels == (WITHOUT, *NAMES[:4], ALL)
    with pytest.raises(TooManyEmbeddings):
        plan_comparison(request(*NAMES), stock)
    with pytest.raises(TooManyEmbeddings):
        Planner(stock).plan(request(*NAMES[:4]))


def test_the_minimum_of_a_server_does_not_hold_for_the_left_column(stock: Stock) -> None:
    strict = replace(stock, limits=EmbeddingLimits(minimum=3, maximum=3))
    plan = plan_comparison(request("blur"), strict).parameters
    assert plan.parts[0].embeddings == ()


def test_without_embeddings_the_recommended_one_is_compared(stock: Stock) -> None:
    plan = plan_comparison(request(), stock).parameters
    assert plan.comparison is not None
    assert plan.comparison.shown_labels == (WITHOUT, "tint")


@pytest.mark.parametrize(
    ("rows", "labels"), [(Rows.SEEDS, ("seed 7", "seed 8", "seed 9")), (Rows.CFG, ("CFG 3", "CFG 6", "CFG 9.5"))]
)
def test_rows_differ_in_one_thing(stock: Stock, rows: Rows, labels: tuple[str, ...]) -> None:
    plan = plan_comparison(request("blur"), stock, rows).parameters
    assert plan.comparison is not None
    assert plan.comparison.row_labels(plan.seed) == labels
    assert (plan.count, plan.pictures_each) == (6, 3)


def test_a_server_that_allows_two_pictures_gets_two_rows_and_one_that_allows_one_is_told_why(stock: Stock) -> None:
    two, one = (replace(stock, policy=Policy(max_count=most)) for most in (2, 1))
    assert len(plan_comparison(request("blur"), two, Rows.SEEDS).parameters.parts) == 4
    assert len(plan_comparison(request("blur"), one).parameters.parts) == 2
    with refused("This server allows one picture at a time, so a comparison has one row; leave out rows."):
        plan_comparison(request("blur"), one, Rows.CFG)


def test_a_blind_order_does_not_follow_from_the_options(stock: Stock) -> None:
    orders = set()
    for seed in range(20):
        plan = plan_comparison(request("blur", "tint", seed=seed), stock, is_blind=True).parameters
        assert plan.comparison is not None
        orders.add(tuple(column.label for column in plan.comparison.columns))
    assert len(orders) > 5
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted((ALL, WITHOUT, "blur", "tint")))}


def test_a_reroll_of_a_blind_comparison_does_not_tell_the_order_of_the_first(stock: Stock) -> None:
    plan = plan_comparison(request("blur", "tint"), stock, is_blind=True).parameters
    again = {shuffled_if_blind(replace(plan, seed=seed)).comparison for seed in range(20)}
    assert len(again) > 5
    named = plan_comparison(request("blur", "tint"), stock).parameters
    assert shuffled_if_blind(replace(named, seed=99)).comparison == named.comparison


def test_an_earlier_picture_is_compared_as_it_is(stock: Stock) -> None:
    plan = Planner(stock).plan(request("blur", "tint:0.8", count=3)).parameters
    compared = with_and_without(plan)
    left, right = compared.parts
    assert (left.embeddings, left.seed, left.cfg) == ((), plan.seed, plan.cfg)
    assert right == replace(plan, count=1)
    with refused("That picture was made without negative embeddings, so there is nothing to compare."):
        with_and_without(a_plan(embeddings=()))
