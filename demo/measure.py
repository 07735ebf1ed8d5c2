"""Measure what the demo's negative embeddings do: `python -m demo.measure` prints the tables in demo/README.md."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from demo.artifacts import ARTIFACTS
from demo.inversions import GENERAL, NAMES
from demo.judge import FILE, load_judge
from demo.sheet import draw_sheet
from demo.trial import PAIRS, Arm, Outcome, Trial, compare, contents_with_habits, load_placed, placebo
from demo.world import HABITS, Scene
from services.parameters import PlacedEmbedding

HERE = Path(__file__).parent
PLACEBOS = 8
SCALES = (1.0, 2.0, 3.0, 4.0, 5.0, 7.0)
WORDS = "washed out, tinted, watermark, low quality"
MIN_SHAPE = 0.95

Figures = dict[str, Any]


def measure(trial: Trial, embeddings: Path, pairs: int = PAIRS, say: Callable[[str], None] = print) -> Figures:
    """Render and judge every arm. Shares in the figures are of `pairs` pictures."""
    contents = contents_with_habits(pairs)
    general = load_placed(embeddings / f"{GENERAL}.safetensors")
    singles = {artifact: load_placed(embeddings / f"{name}.safetensors") for artifact, name in NAMES.items()}
    plain = trial.run(Arm("no negative"), contents)
    arms: Figures = {}

    def add(arm: Arm) -> Outcome:
        outcome = plain if arm.name == "no negative" else trial.run(arm, contents)
        arms[arm.name] = compare(contents, plain, outcome)
        say(_row(arm.name, arms[arm.name]))
        return outcome

    say(_HEADER)
    for arm in _arms(general, singles):
        outcome = add(arm)
        for artifact, single in singles.items():
            if arm.embeddings == (single,) and (rates := _own_rates(contents, artifact, plain, outcome)):
                arms[arm.name]["own"] = rates
    sweep = _sweep(trial, contents, general, say)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "model_hash": trial.model_hash,
        "settings": trial.settings,
        "pairs": pairs,
        "arms": arms,
        "sweep": sweep,
    }


def shortfalls(figures: Figures) -> list[str]:
    """The targets that the general embedding misses, in words."""
    arms = figures["arms"]
    general, plain = arms[GENERAL], arms["no negative"]
    missed: list[str] = []
    if general["damaged"] > plain["damaged"] / 2:
        missed.append("the artifact rate isn't halved")
    if general["shape"] < MIN_SHAPE:
        missed.append(f"the shape is right in less than {MIN_SHAPE:.0%} of the pictures")
    better = [name for name in arms if name.startswith("random") and arms[name]["damaged"] <= general["damaged"]]
    if better:
        missed.append(f"random vectors do just as well: {', '.join(better)}")
    return missed


def _arms(general: PlacedEmbedding, singles: dict[str, PlacedEmbedding]) -> list[Arm]:
    return [
        Arm("no negative"),
        Arm(GENERAL, (general,)),
        *(Arm(NAMES[artifact], (single,)) for artifact, single in singles.items()),
        Arm("the words", negative=WORDS),
        Arm('"a picture"', negative="a picture"),
        *(Arm(f"random {seed + 1}", (placebo(general, seed),)) for seed in range(PLACEBOS)),
    ]


def _sweep(
    trial: Trial, contents: Sequence[Scene], general: PlacedEmbedding, say: Callable[[str], None]
) -> list[Figures]:
    """The arm without a negative and the general embedding, at every CFG."""
    rows: list[Figures] = []
    for cfg in SCALES:
        plain = trial.run(Arm("no negative", cfg=cfg), contents)
        other = trial.run(Arm(GENERAL, (general,), cfg=cfg), contents)
        same = bool(np.array_equal(plain.pictures, other.pictures))
        row = {"cfg": cfg, "plain": compare(contents, plain, plain), "general": compare(contents, plain, other)}
        rows.append(row | {"same pictures": same})
        say(_sweep_row(rows[-1]))
    return rows


def _own_rates(contents: Sequence[Scene], artifact: str, plain: Outcome, other: Outcome) -> list[float]:
    """An artifact's rate on the contents that have it as a habit: without a negative, and with one. Empty without contents."""
    habitual = {content for content, habit in HABITS.items() if habit == artifact}
    chosen = [number for number, scene in enumerate(contents) if habitual & {scene.shape, scene.place}]
    if not chosen:
        return []
    column = ARTIFACTS.index(artifact)
    return [float(outcome.verdicts.artifacts[chosen, column].mean()) for outcome in (plain, other)]


_HEADER = (
    f"| negative | damaged | {' | '.join(ARTIFACTS)} | fixed / broken | shape right | colour right |\n"
    f"|---|---|{'---|' * len(ARTIFACTS)}---|---|---|"
)
_SWEEP_HEADER = "| CFG | damaged: plain → general | shape right | colour right: plain → general |\n|---|---|---|---|"


def _row(name: str, row: Figures) -> str:
    kinds = " | ".join(f"{row[artifact]:.0%}" for artifact in ARTIFACTS)
    changed = f"{row['fixed']} / {row['broken']}"
    return f"| {name} | {row['damaged']:.0%} | {kinds} | {changed} | {row['shape']:.0%} | {row['colour']:.0%} |"


def _sweep_row(row: Figures) -> str:
    plain, general = row["plain"], row["general"]
    same = " (the same pictures)" if row["same pictures"] else ""
    damaged = f"{plain['damaged']:.0%} → {general['damaged']:.0%}{same}"
    return f"| {row['cfg']:g} | {damaged} | {general['shape']:.0%} | {plain['colour']:.0%} → {general['colour']:.0%} |"


def report(figures: Figures) -> str:
    """Format the figures as Markdown tables."""
    arms = figures["arms"]
    lines = [_HEADER, *(_row(name, row) for name, row in arms.items()), ""]
    for name, row in arms.items():
        if "own" in row:
            before, after = row["own"]
            lines.append(f"{name}, its own artifact on the contents with that habit: {before:.0%} → {after:.0%}")
    lines += ["", _SWEEP_HEADER, *(_sweep_row(row) for row in figures["sweep"]), ""]
    missed = shortfalls(figures)
    lines.append(f"Missed targets: {'; '.join(missed)}." if missed else "All targets are met.")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.measure", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint", help="the checkpoint to render with")
    parser.add_argument("--embeddings", type=Path, default=HERE / "embeddings", help="a folder with the embeddings")
    parser.add_argument("--judge", type=Path, default=FILE, help="the judge's weights")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pictures per arm")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--sheet", type=Path, help="draw a sheet of pictures into this file instead of measuring")
    options = parser.parse_args()
    torch.set_num_threads(1)
    trial = Trial(options.checkpoint, load_judge(options.judge))
    if options.sheet:
        draw_sheet(trial, options.embeddings, options.sheet)
        return
    figures = measure(trial, options.embeddings, options.pairs, say=lambda line: print(line, flush=True))
    print("\n" + report(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
