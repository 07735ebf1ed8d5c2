"""python -m benchmarks [NAME …]: run benchmarks, and print each ratio with its target."""

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
    """Run the named benchmarks, or all. Returns the exit code: 0 if every target was met, 1 if not, 2 for a wrong name."""
    if unknown := set(names) - BENCHMARKS.keys():
        print(f"unknown benchmark {sorted(unknown)[0]!r}; choose from {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    console, ratios = Console(), list[Ratio]()
    for name in names or BENCHMARKS:
        with console.status(f"measuring {name} …"):
            ratios += BENCHMARKS[name]()
    table = Table("ratio", "measured", "target", "", "definition", box=None)
    for ratio in ratios:
        mark = "[green]met[/]" if ratio.is_met else "[red]missed[/]"
        table.add_row(ratio.name, f"{ratio.value:.3f}", f"{ratio.should_be} {ratio.target:g}", mark, ratio.detail)
    console.print(table)
    return 0 if all(ratio.is_met for ratio in ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
