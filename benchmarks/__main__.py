"""python -m benchmarks [NAME …]: measure, and print each ratio beside its target."""

from __future__ import annotations

import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import encoding, overhead, suggestions, throughput
from benchmarks.ratio import Ratio

BENCHMARKS: dict[str, Callable[[], list[Ratio]]] = {
    "encoding": encoding.measure,
    "suggestions": suggestions.measure,
    "throughput": throughput.measure,
    "overhead": overhead.measure,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; the exit code tells whether every target was met."""
    if unknown := set(names) - BENCHMARKS.keys():
        print(f"there is no benchmark {sorted(unknown)[0]}: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    console, ratios = Console(), list[Ratio]()
    for name in names or BENCHMARKS:
        with console.status(f"measuring {name} …"):
            ratios += BENCHMARKS[name]()
    table = Table("what", "measured", "target", "", "how", box=None)
    for one in ratios:
        mark = "[green]met[/]" if one.is_met else "[red]missed[/]"
        table.add_row(one.name, f"{one.value:.3f}", f"{one.should_be} {one.target:g}", mark, one.detail)
    console.print(table)
    return 0 if all(one.is_met for one in ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
