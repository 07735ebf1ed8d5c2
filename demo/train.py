"""Train the demo checkpoint and its negative embeddings from nothing: `python -m demo.train`.

Seven stages, one after another; those that are done are skipped, and an interrupted training goes on where it was. Everything
is written under one folder, and only `--install` puts the result in the place of what the repository ships.
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
from demo.trial import PAIRS, Studio
from embeddings.errors import TrainingFailed

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
MINUTES = 90.0
SIZE = 60_000  # pictures
#: of the time; the rest is the UNet's and the text encoder's
AUTOENCODER_SHARE = 0.22


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the whole; done again when its settings change."""

    name: str
    settings: dict[str, Any]
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

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
    """What is to be done, in order."""
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
    """Run every stage that is not done yet.

    Raises: ValueError, if the folder holds a training that began otherwise.
    """
    begun = {"size": options.size, "seed": options.seed, "start": str(options.start or "")}
    path = options.folder / "done.json"
    done: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"begun": begun}
    if done["begun"] != begun:
        raise ValueError(
            f"{options.folder} holds a training with {done['begun']}. Take another --folder, or the same options."
        )
    _write(path, done)
    again = False  # whatever comes after a stage that ran is out of date
    for stage in stages(options):
        if not again and done.get(stage.name) == stage.settings:
            log.info("%s: done already", stage.name)
            continue
        again = True
        log.info("%s: begins", stage.name)
        stage.run()
        done[stage.name] = stage.settings
        _write(path, done)
        log.info("%s: done", stage.name)


def install(folder: Path, target: Path = HERE) -> None:
    """Put what was trained in the place of what is shipped."""
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
    studio = Studio(options.checkpoint, load_judge(options.folder / "judge.safetensors"))
    figures = measure(studio, options.embeddings, options.pairs, log.info)
    _write(options.folder / "figures.json", figures)
    log.info("\n%s", report(figures))


def _write(path: Path, table: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.train", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of training; drawing and measuring come on top")
    parser.add_argument("--size", type=int, default=SIZE, help="pictures to train on")
    parser.add_argument("--folder", type=Path, default=HERE / "work")
    parser.add_argument("--start", type=Path, help="begin with this checkpoint's weights instead of random ones")
    parser.add_argument("--processes", type=int, default=diffusion.PROCESSES, help="of one thread each")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pictures of each arm of the measurement")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--install", action="store_true", help="then replace the shipped checkpoint and embeddings")
    table = vars(parser.parse_args())
    installs = table.pop("install")
    options = Options(**table)
    log_to(options.folder)
    torch.set_num_threads(1)
    try:
        train(options)
    except ValueError as error:
        parser.error(str(error))
    except TrainingFailed as error:
        more = f"Run it again with --minutes {2 * options.minutes:g} or more: the training goes on where it is."
        parser.exit(1, f"The checkpoint knows too little yet to learn embeddings from. {error}\n{more}\n")
    if installs:
        install(options.folder)


if __name__ == "__main__":
    main()
