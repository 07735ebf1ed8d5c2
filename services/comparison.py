"""The grid of a comparison: its columns differ only in their negative embeddings, its rows in the seed or the CFG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

MAX_COLUMNS_EACH = 4
MAX_ROWS = 3
WITHOUT = "without"
ALL = "all together"


@dataclass(frozen=True, slots=True)
class Column:
    """Which of the plan's embeddings are used, by their positions."""

    label: str
    uses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What a row changes."""

    #: added to the plan's seed
    seed_offset: int
    cfg: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Cells are counted row by row."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    #: whether members vote before they know which column is which
    is_blind: bool = False

    def __len__(self) -> int:
        return len(self.columns) * len(self.rows)

    @property
    def cells(self) -> Iterator[tuple[Row, Column]]:
        return ((row, column) for row in self.rows for column in self.columns)

    @property
    def lettered(self) -> tuple[tuple[str, str], ...]:
        """Each column's letter, for blind votes, and its label."""
        return tuple((chr(ord("A") + number), column.label) for number, column in enumerate(self.columns))

    @property
    def shown_labels(self) -> tuple[str, ...]:
        """What stands above each column: letters while the vote is blind."""
        return tuple(letter if self.is_blind else label for letter, label in self.lettered)

    def row_labels(self, seed: int) -> tuple[str, ...]:
        """What stands beside each row, empty if there is only one; `seed` is the plan's."""
        if len(self.rows) == 1:
            return ("",)
        has_same_cfg = len({row.cfg for row in self.rows}) == 1
        return tuple(f"seed {seed + row.seed_offset}" if has_same_cfg else f"CFG {row.cfg:g}" for row in self.rows)

    def row_of(self, cell: int) -> Row:
        return self.rows[cell // len(self.columns)]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Self:
        """The inverse of `as_json`."""
        columns = tuple(Column(column["label"], tuple(column["uses"])) for column in table["columns"])
        return cls(columns, tuple(Row(**row) for row in table["rows"]), table["is_blind"])


def without_each_all(labels: tuple[str, ...]) -> tuple[Column, ...]:
    """A column without embeddings, one for each, and where there are several, one with all of them."""
    each = tuple(Column(label, (number,)) for number, label in enumerate(labels))
    together = (Column(ALL, tuple(range(len(labels)))),) if len(labels) > 1 else ()
    return (Column(WITHOUT, ()), *each, *together)
