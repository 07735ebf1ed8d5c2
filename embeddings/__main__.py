"""python -m embeddings: inspect and convert embedding files, and train new ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

from embeddings.catalog import read_catalog
from embeddings.conversion import convert_bytes
from embeddings.display import printable
from embeddings.errors import EmbeddingError
from embeddings.foreign.unpacker import MAX_INPUT_BYTES
from embeddings.inspection import inspect_file
from embeddings.reader import SUFFIX, read_limited

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Negative embeddings: inspect, convert and train.")

REFUSED = 2  # exit code: the file can't be used


@app.callback()
def main() -> None:
    """Negative embeddings: textual inversions made for the negative prompt."""


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="The file to inspect.", metavar="FILE")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Describe an embedding file, or say in one line why it can't be used."""
    try:
        facts = inspect_file(file, read_catalog())
    except (EmbeddingError, OSError) as error:
        _refuse(file, _reason(error))
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    table = Table(show_header=False, box=None)
    for key, value in facts.items():
        # as Text, because rich would take words in square brackets for markup
        table.add_row(key.replace("_", " "), Text(", ".join(value) if isinstance(value, list) else str(value)))
    Console().print(table)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="An embedding in any format.", metavar="IN")],
    target: Annotated[Path, typer.Argument(help="The file to write.", metavar="OUT.safetensors")],
) -> None:
    """Convert an embedding of any format to safetensors. Nothing in it is executed."""
    if target.suffix != SUFFIX:
        _refuse(target, f"The output file must end in {SUFFIX}.")
    try:
        converted = convert_bytes(read_limited(source, MAX_INPUT_BYTES), target.name)
        # never overwrites: an existing file of that name is a different embedding
        with target.open("xb") as file:
            file.write(converted.data)
    except FileExistsError:
        _refuse(target, "This file already exists; choose another name.")
    except (EmbeddingError, OSError) as error:
        _refuse(source, _reason(error))
    embedding = converted.file.embedding
    typer.echo(f"{target.name}: {embedding.architecture}, {embedding.num_vectors} vectors, from {converted.layout}")


@app.command()
def train(
    pictures: Annotated[
        Path, typer.Argument(help="A folder of pictures that share one kind of flaw.", metavar="PICTURES")
    ],
    target: Annotated[Path, typer.Argument(help="The file to write.", metavar="OUT.safetensors")],
    checkpoint: Annotated[Path, typer.Option(help="The checkpoint: a folder in diffusers' layout.")],
    vectors: Annotated[
        int, typer.Option(min=1, max=75, help="Number of token vectors; a few generalise better than many.")
    ] = 4,
    steps: Annotated[int, typer.Option(min=1, help="Training steps; SD 1.5 needs thousands.")] = 3000,
    learning_rate: Annotated[float, typer.Option(min=0.0, help="The demo checkpoint learns best at 0.03.")] = 0.005,
    batch: Annotated[int, typer.Option(min=1, help="Pictures per step.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed repeats a training exactly.")] = 0,
) -> None:
    """Train a negative embedding by textual inversion on a folder of flawed pictures."""
    if target.suffix != SUFFIX or target.exists():
        _refuse(target, f"The output file must end in {SUFFIX} and must not exist yet.")
    from embeddings.training.folder import train_from_folder  # not before the check: importing torch takes seconds
    from embeddings.training.inversion import TrainingSettings

    settings = TrainingSettings(vectors, steps, learning_rate, batch, seed)
    try:
        with Progress(*Progress.get_default_columns(), TextColumn("loss {task.fields[loss]:.4f}")) as bar:
            task = bar.add_task("training", total=steps, loss=float("nan"))
            result = train_from_folder(
                checkpoint,
                pictures,
                target,
                settings,
                lambda step, _, loss: bar.update(task, completed=step, loss=loss),
            )
    except (EmbeddingError, OSError) as error:
        _refuse(pictures, _reason(error))
    typer.echo(f"{target.name}: {vectors} vectors, loss {result.loss_before:.4f} → {result.loss_after:.4f}")


def _reason(error: EmbeddingError | OSError) -> str:
    return error.strerror or "It can't be opened." if isinstance(error, OSError) else str(error)


def _refuse(path: Path, reason: str) -> NoReturn:
    typer.echo(f"{printable(path.name)}: {reason}", err=True)
    raise typer.Exit(REFUSED)


if __name__ == "__main__":
    app()
