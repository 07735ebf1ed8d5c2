"""python -m embeddings: look at embedding files from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from embeddings.catalog import Catalog, read_catalog
from embeddings.errors import EmbeddingError
from embeddings.reader import EmbeddingFile, read_file

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Negative embeddings: inspect files.")

REFUSED = 2  # exit code: the file is no embedding that can be used


@app.callback()
def main() -> None:
    """Negative embeddings: textual inversions made for the negative prompt."""


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="The file to look at.", metavar="FILE")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what a file is, or refuse it in one line."""
    try:
        facts = describe(file, read_file(file), read_catalog())
    except (EmbeddingError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        typer.echo(f"{file.name}: {reason}", err=True)
        raise typer.Exit(REFUSED) from error
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    table = Table(show_header=False, box=None)
    for key, value in facts.items():
        # as Text, since words in square brackets would be taken for markup
        table.add_row(key.replace("_", " "), Text(", ".join(value) if isinstance(value, list) else str(value)))
    Console().print(table)


def describe(path: Path, file: EmbeddingFile, catalog: Catalog) -> dict[str, Any]:
    """The facts of one file, ready for JSON."""
    embedding = file.embedding
    entry = catalog.identify(file.file_hash)
    named = catalog.find(path.stem)
    warnings: list[str] = []
    if entry is None and named is not None and named.hashes:
        warnings.append(f"It bears the name of '{named.id}', but its content is another.")
    elif entry is None and named is not None and named.architecture is embedding.architecture:
        entry = named
    return {
        "file": path.name,
        "format": embedding.layout,
        "architecture": str(embedding.architecture),
        "vectors": embedding.num_vectors,
        "widths": {encoder: rows.shape[1] for encoder, rows in embedding.vectors.items()},
        "dtype": embedding.dtype,
        "content_hash": embedding.content_hash,
        "file_hash": file.file_hash,
        "size_bytes": file.size_bytes,
        "catalog": entry.id if entry else None,
        "metadata": dict(embedding.metadata),
        "warnings": warnings,
    }


if __name__ == "__main__":
    app()
