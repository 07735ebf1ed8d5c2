"""What a soak found: a table for people, and a JSON object for programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.soak.verdict import Outcome, Verdict, count_sentences

#: the outcomes of requests that the bot accepted
ACCEPTED = (Outcome.ONCE, Outcome.TWICE, Outcome.LOST)


@dataclass
class Report:
    """The results of a soak."""

    seed: int
    kills: Counter[str]
    faults: Counter[str]
    #: troubles of a database that was up
    troubles: Counter[str]
    verdicts: list[Verdict]
    disagreements: list[str]
    #: times that the bot ended without being killed
    own_exits: int
    seconds: float
    #: the history of each request that went wrong
    histories: list[str] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    @property
    def accepted(self) -> int:
        return sum(map(self.count, ACCEPTED))

    @property
    def is_good(self) -> bool:
        is_exact = not (self.count(Outcome.TWICE) or self.count(Outcome.LOST) or self.disagreements)
        return is_exact and (not self.own_exits or bool(self.kills))  # only a kill may cost the bot its process

    def _ways(self) -> dict[str, int]:
        return dict(sorted(Counter(verdict.way for verdict in self.verdicts if verdict.outcome in ACCEPTED).items()))

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "asked": self.accepted,
            "ways": self._ways(),
            "answered_once": self.count(Outcome.ONCE),
            "answered_twice": self.count(Outcome.TWICE),
            "lost": self.count(Outcome.LOST),
            "refused": self.count(Outcome.REFUSED),
            "unheard": self.count(Outcome.UNHEARD),
            "failed_calmly": sum(count_sentences(self.verdicts, Outcome.ONCE).values()),
            "disagreements": len(self.disagreements),
            "ended_by_itself": self.own_exits,
            "seconds": round(self.seconds, 1),
            "kills": dict(sorted(self.kills.items())),
            "faults": dict(sorted(self.faults.items())),
            "database_troubles": dict(sorted(self.troubles.items())),
        }


def show(report: Report, console: Console) -> None:
    """Print the table, then the history of everything that went wrong."""
    table = Table("what", "count", box=None)
    for name, value in report.as_json().items():
        table.add_row(name.replace("_", " "), json.dumps(value).strip("{}").replace('"', "") or "none")
    for outcome in (Outcome.REFUSED, Outcome.ONCE):
        for sentence, times in count_sentences(report.verdicts, outcome).most_common():
            table.add_row(f"{outcome}: {sentence}", str(times))
    console.print(table)
    for line in (*report.histories, *report.disagreements):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
