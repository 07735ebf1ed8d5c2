"""Train the demo checkpoint and its negative embeddings from scratch: `python -m demo.train`.

There are seven stages. Finished stages are skipped, and an interrupted training resumes. Everything is written into one
folder; only `--install` replaces what the repository ships.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL

from demo import autoencoder, dataset, diffusion
from demo.export import export
from demo.inversions import train_all
from demo.judge import EPOCHS, PICTURES, load_judge, save_judge, train_judge
from demo.measure import measure, report
from demo.progress import log_to
from demo.trial import PAIRS, Trial
from embeddings.errors import TrainingFailed

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
MINUTES = 90.0
SIZE = 60_000  # pictures
#: of the training time; the rest goes to the UNet and the text encoder
AUTOENCODER_SHARE = 0.22


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the training, which runs again if its settings change."""

    name: str
    settings: dict[str, Any]
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Options:
    """The command line's options."""

    folder: Path
    minutes: float
    size: int
    pairs: int
    processes: int
    seed: int
    start: Path | None

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint"

    @property
    def embeddings(self) -> Path:
        return self.folder / "embeddings"


def stages(options: Options) -> list[Stage]:
    """All stages, in order."""
    folder, seed, start = options.folder, options.seed, options.start
    minutes = {
        "autoencoder": AUTOENCODER_SHARE * options.minutes,
        "diffusion": (1 - AUTOENCODER_SHARE) * options.minutes,
    }
    return [
        Stage("dataset", {"size": options.size}, lambda: dataset.make_dataset(folder, options.size, seed)),
        Stage(
            "autoencoder",
            {"minutes": minutes["autoencoder"]},
            lambda: autoencoder.train(folder, minutes["autoencoder"], seed, start),
        ),
        Stage(
            "diffusion",
            {"minutes": minutes["diffusion"]},
            lambda: diffusion.train(folder, minutes["diffusion"], seed, options.processes, start),
        ),
        Stage("checkpoint", {}, lambda: export(folder, options.checkpoint)),
        Stage("embeddings", {}, lambda: train_all(options.checkpoint, options.embeddings)),
        Stage("judge", {}, lambda: _train_judge(options)),
        Stage("measurement", {"pairs": options.pairs}, lambda: _measure(options)),
    ]


def train(options: Options) -> None:
    """Run every stage that isn't done yet.

    Raises: ValueError if the folder has a training with other options; TrainingFailed.
    """
    begun = {"size": options.size, "seed": options.seed, "start": str(options.start or "")}
    path = options.folder / "done.json"
    done: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"begun": begun}
    if done["begun"] != begun:
        raise ValueError(
            f"{options.folder} has a training with {done['begun']}: use another --folder, or the same options"
        )
    _write(path, done)
    is_stale = False  # once a stage has run, the results of all later stages are out of date
    for stage in stages(options):
        if not is_stale and done.get(stage.name) == stage.settings:
            log.info("%s: already done", stage.name)
            continue
        is_stale = True
        log.info("%s: started", stage.name)
        stage.run()
        done[stage.name] = stage.settings
        _write(path, done)
        log.info("%s: done", stage.name)


def install(folder: Path, target: Path = HERE) -> None:
    """Replace what is shipped with what was trained."""
    for name in ("checkpoint", "embeddings", "judge.safetensors", "figures.json"):
        fresh, shipped = target / f".{name}.new", target / name
        copy = shutil.copytree if (folder / name).is_dir() else shutil.copyfile
        copy(folder / name, fresh)
        if shipped.is_dir():
            shutil.rmtree(shipped)
        fresh.replace(shipped)


def _train_judge(options: Options) -> None:
    vae = AutoencoderKL.from_pretrained(options.checkpoint, subfolder="vae", torch_dtype=torch.float32).eval()
    save_judge(
        train_judge(vae, min(PICTURES, options.size), EPOCHS, options.seed), options.folder / "judge.safetensors"
    )


def _measure(options: Options) -> None:
    trial = Trial(options.checkpoint, load_judge(options.folder / "judge.safetensors"))
    figures = measure(trial, options.embeddings, options.pairs, log.info)
    _write(options.folder / "figures.json", figures)
    log.info("\n%s", report(figures))


def _write(path: Path, table: dict[str, Any]) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.train", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, help="minutes of training; drawing and measuring take extra time"
    )
    parser.add_argument("--size", type=int, default=SIZE, help="number of pictures to train on")
    parser.add_argument("--folder", type=Path, default=HERE / "work", help="where everything is written")
    parser.add_argument("--start", type=Path, help="start from this checkpoint's weights instead of random ones")
    parser.add_argument(
        "--processes",
        type=int,
        default=diffusion.PROCESSES,
        help="number of processes that train the UNet, with one thread each",
    )
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pictures per arm of the measurement")
    parser.add_argument("--seed", type=int, default=0, help="seed of the pictures and the weights")
    parser.add_argument(
        "--install",
        action="store_true",
        help="afterwards, replace the shipped checkpoint, embeddings, judge and figures",
    )
    table = vars(parser.parse_args())
    should_install = table.pop("install")
    options = Options(**table)
    log_to(options.folder)
    torch.set_num_threads(1)
    try:
        train(options)
    except ValueError as error:
        parser.error(str(error))
    except TrainingFailed as error:
        fix = f"Run this again with --minutes {2 * options.minutes:g} or more; the training resumes where it stopped."
        parser.exit(1, f"The checkpoint isn't trained enough for embeddings to be learned on it: {error}\n{fix}\n")
    if should_install:
        install(options.folder)


if __name__ == "__main__":
    main()
