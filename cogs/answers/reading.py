"""How people read a comparison's sheet, in words."""

from __future__ import annotations

from cogs.answers.cards import MAX_PROMPT
from cogs.text import MAX_ALT_TEXT, as_typed
from services.comparison import Comparison
from services.parameters import PlanRecord
from services.policy.safety import Shown
from services.text import and_list, plural, shorten


def describe(plan: PlanRecord) -> str:
    """The prompt, and how to read the sheet in one line."""
    comparison = comparison_of(plan)
    names = and_list([f"**{as_typed(label)}**" for label in comparison.shown_labels])
    only = " Nothing else differs." if len(comparison.rows) == 1 else ""
    reading = f"Left to right: {names}.{only}"
    if comparison.is_blind:
        reading = "Which column do you like best? Vote before anyone shows the names."
    return _with_prompt(plan, f"{reading}{_rows(plan)}")


def describe_revealed(plan: PlanRecord) -> str:
    """The same once the names of a blind comparison are shown: its sheet still has letters."""
    columns = (f"**{letter}** is {as_typed(label)}" for letter, label in comparison_of(plan).lettered)
    return _with_prompt(plan, f"{and_list(list(columns))}.{_rows(plan)}")


def _with_prompt(plan: PlanRecord, reading: str) -> str:
    return f"**{as_typed(plan.prompt, MAX_PROMPT)}**\n{reading}"


def _rows(plan: PlanRecord) -> str:
    labels = comparison_of(plan).row_labels(plan.seed)
    return f" Top to bottom: {and_list(list(labels))}." if len(labels) > 1 else ""


def alt_text(plan: PlanRecord, model: str, shown: Shown) -> str:
    """What each cell is, since Discord knows one text for each file."""
    comparison = comparison_of(plan)
    rows = comparison.row_labels(plan.seed)
    cells = [f"{row} {label}".strip() for row in rows for label in comparison.shown_labels]
    seen = [cell if number in shown.posted else f"{cell} (withheld)" for number, cell in enumerate(cells)]
    rest = f"; {plural(len(cells), 'picture')} drawn by {model}, row by row: {', '.join(seen)}"
    return shorten(shorten(plan.prompt, max(1, MAX_ALT_TEXT - len(rest))) + rest, MAX_ALT_TEXT)


def comparison_of(plan: PlanRecord) -> Comparison:
    """The grid of a plan that has one."""
    assert plan.comparison is not None
    return plan.comparison
