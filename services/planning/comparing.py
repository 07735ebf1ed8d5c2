"""Plan a comparison: one request without negative embeddings, with each of several, and with all of them."""

from __future__ import annotations

import random
from dataclasses import replace
from enum import StrEnum

from services.comparison import MAX_COLUMNS_EACH, MAX_ROWS, WITHOUT, Column, Comparison, Row, without_each_all
from services.errors import UserError
from services.parameters import GenerationParameters
from services.planning.limits import MAX_CFG
from services.planning.planner import Planned, Planner
from services.remedies import Hint
from services.requests import GenerationRequest
from services.stock import EmbeddingLimits, Stock

#: of the CFG that was asked for
_CFG_SHARES = (0.5, 1.0, 1.6)
#: with less, the negative prompt does next to nothing
_LEAST_CFG = 1.5


class Rows(StrEnum):
    """What differs from row to row."""

    SEEDS = "seeds"
    CFG = "cfg"


def plan_comparison(
    request: GenerationRequest, stock: Stock, rows: Rows | None = None, *, is_blind: bool = False
) -> Planned:
    """Plan all cells of a grid as one request. Without embeddings, the one recommended for the model is compared.

    Raises: UserError.
    """
    most = min(MAX_ROWS, stock.max_count)
    if rows is not None and most < 2:
        raise UserError("This server allows one picture at a time, so a comparison has one row; leave out rows.")
    unlimited = replace(stock, limits=EmbeddingLimits(minimum=1, maximum=MAX_COLUMNS_EACH))
    planned = Planner(unlimited).plan(replace(request, count=most if rows is Rows.SEEDS else 1))
    plan = planned.parameters
    columns = without_each_all(tuple(embedding.label for embedding in plan.embeddings))
    comparison = Comparison(columns, _rows(rows, plan, most), is_blind)
    # what a hint advises would change one picture, and this is about all
    return Planned(shuffled_if_blind(_with(plan, comparison)), tuple(Hint(hint.text) for hint in planned.hints))


def shuffled_if_blind(plan: GenerationParameters) -> GenerationParameters:
    """The same with the columns of a blind comparison in another order for each seed."""
    if plan.comparison is None or not plan.comparison.is_blind:
        return plan
    columns = list(plan.comparison.columns)
    random.Random(plan.seed).shuffle(columns)
    return replace(plan, comparison=replace(plan.comparison, columns=tuple(columns)))


def with_and_without(plan: GenerationParameters) -> GenerationParameters:
    """An earlier picture beside the same without its negative embeddings.

    Raises: UserError, if it has none.
    """
    if not plan.embeddings:
        raise UserError("That picture was made without negative embeddings, so there is nothing to compare.")
    together = " + ".join(embedding.label for embedding in plan.embeddings)
    columns = (Column(WITHOUT, ()), Column(together, tuple(range(len(plan.embeddings)))))
    return _with(plan, Comparison(columns, (Row(0, plan.cfg),)))


def _with(plan: GenerationParameters, comparison: Comparison) -> GenerationParameters:
    return replace(plan, comparison=comparison, count=len(comparison))


def _rows(kind: Rows | None, plan: GenerationParameters, most: int) -> tuple[Row, ...]:
    match kind:
        case None:
            return (Row(0, plan.cfg),)
        case Rows.SEEDS:
            return tuple(Row(number, plan.cfg) for number in range(most))
        case Rows.CFG:
            values = (round(min(MAX_CFG, max(_LEAST_CFG, plan.cfg * share)) * 2) / 2 for share in _CFG_SHARES)
            return tuple(Row(0, value) for value in tuple(dict.fromkeys(values))[:most])
