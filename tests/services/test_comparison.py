"""The grid as a value: its columns, its labels, and the round trip through JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from services.comparison import ALL, WITHOUT, Comparison, Row, without_each_all
from services.parameters import PlanRecord
from tests.builders import a_placed, a_plan

ROWS = (Row(0, 6.0), Row(1, 6.0))


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        ((), [(WITHOUT, ())]),
        (("blur",), [(WITHOUT, ()), ("blur", (0,))]),
        (("blur", "tint:0.8"), [(WITHOUT, ()), ("blur", (0,)), ("tint:0.8", (1,)), (ALL, (0, 1))]),
    ],
)
def test_each_embedding_has_a_column_and_several_have_one_together(
    labels: tuple[str, ...], columns: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert [(column.label, column.uses) for column in without_each_all(labels)] == columns


def test_blind_columns_show_letters() -> None:
    grid = Comparison(without_each_all(("blur", "tint")), ROWS)
    assert grid.shown_labels == (WITHOUT, "blur", "tint", ALL)
    assert replace(grid, is_blind=True).shown_labels == ("A", "B", "C", "D")


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        ((Row(0, 6.0),), ("",)),
        (ROWS, ("seed 7", "seed 8")),
        ((Row(0, 3.0), Row(0, 6.5)), ("CFG 3", "CFG 6.5")),
    ],
)
def test_rows_say_in_what_they_differ(rows: tuple[Row, ...], labels: tuple[str, ...]) -> None:
    assert Comparison(without_each_all(()), rows).row_labels(seed=7) == labels


def test_a_plan_with_a_comparison_survives_json() -> None:
    plan = a_plan(comparison=Comparison(without_each_all(("blur",)), ROWS, is_blind=True), count=4)
    again = PlanRecord.from_json(json.loads(json.dumps(plan.as_json())))
    assert again.comparison == plan.comparison


def test_the_parts_of_a_comparison_are_its_cells_row_by_row() -> None:
    blur, tint = a_placed("blur"), a_placed("tint", seed=4)
    grid = Comparison(without_each_all(("blur", "tint")), (Row(0, 3.0), Row(1, 6.0)))
    plan = a_plan(embeddings=(blur, tint), seed=7, count=len(grid), comparison=grid)
    parts = plan.parts
    assert [(part.seed, part.cfg, part.embeddings) for part in parts] == [
        (seed, cfg, used) for seed, cfg in ((7, 3.0), (8, 6.0)) for used in ((), (blur,), (tint,), (blur, tint))
    ]
    assert {(part.count, part.comparison) for part in parts} == {(1, None)}
    assert [plan.seed_of(index) for index in range(8)] == [7] * 4 + [8] * 4


def test_a_plan_without_a_comparison_is_its_only_part() -> None:
    plan = a_plan(count=3)
    assert plan.parts == (plan,)
