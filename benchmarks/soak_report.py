"""What a soak found: as a table for people, and as one line of JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.soak_verdict import Outcome, Verdict, sentences_of

#: the outcomes of what the bot took upon itself
ASKED = (Outcome.ONCE, Outcome.TWICE, Outcome.LOST)


@dataclass
class Report:
    """What a soak found."""

    seed: int
    kills: Counter[str]
    faults: Counter[str]
    verdicts: list[Verdict]
    disagreements: list[str]
    own_ends: int
    seconds: float
    #: the history of each ask that went wrong
    histories: list[str] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(one.outcome is outcome for one in self.verdicts)

    @property
    def asked(self) -> int:
        return sum(map(self.count, ASKED))

    @property
    def is_good(self) -> bool:
        return not (self.count(Outcome.TWICE) or self.count(Outcome.LOST) or self.disagreements)

    def _ways(self) -> dict[str, int]:
        return dict(sorted(Counter(one.way for one in self.verdicts if one.outcome in ASKED).items()))

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "asked": self.asked,
            "ways": self._ways(),
            "answered_once": self.count(Outcome.ONCE),
            "answered_twice": self.count(Outcome.TWICE),
            "lost": self.count(Outcome.LOST),
            "refused": self.count(Outcome.REFUSED),
            "unheard": self.count(Outcome.UNHEARD),
            "failed_calmly": sum(sentences_of(self.verdicts, Outcome.ONCE).values()),
            "disagreements": len(self.disagreements),
            "ended_by_itself": self.own_ends,
            "seconds": round(self.seconds, 1),
            "kills": dict(sorted(self.kills.items())),
            "faults": dict(sorted(self.faults.items())),
        }


def show(report: Report, console: Console) -> None:
    """The table, and what went wrong."""
    table = Table("what", "how many", box=None)
    for name, value in report.as_json().items():
        table.add_row(name.replace("_", " "), json.dumps(value).strip("{}").replace('"', "") or "none")
    for outcome in (Outcome.REFUSED, Outcome.ONCE):
        for sentence, times in sentences_of(report.verdicts, outcome).most_common():
            table.add_row(f"{outcome}: {sentence}", str(times))
    console.print(table)
    for line in (*report.histories, *report.disagreements):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
