"""All checkpoints that are described, and which of them are installed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from embeddings.problems import Problem, first_error
from services.checkpoints.entry import Checkpoint
from services.checkpoints.installation import Installation, configuration_folder
from services.checkpoints.soundness import INDEX, what_is_broken
from services.errors import UnknownName, UserError
from services.matching import closest

DESCRIBED = Path(__file__).parent / "described"
REPOSITORY = Path(__file__).parents[2]


class Shelf:
    """Checkpoints by id and alias, without regard to case."""

    def __init__(self, checkpoints: Iterable[Checkpoint], folder: Path, problems: Iterable[Problem] = ()) -> None:
        self.folder = folder
        self.problems = list(problems)
        self._by_id: dict[str, Checkpoint] = {}
        for checkpoint in checkpoints:
            if checkpoint.id in self._by_id:
                self.problems.append(Problem(checkpoint.id, "Another model has the same id; the first one stands."))
            else:
                self._by_id[checkpoint.id] = checkpoint
        weights = {checkpoint.id: self._locate(checkpoint) for checkpoint in self}
        self._installations = {checkpoint.id: self._complete(checkpoint, weights) for checkpoint in self}

    def __iter__(self) -> Iterator[Checkpoint]:
        return iter(self._by_id.values())

    @property
    def installed(self) -> tuple[Checkpoint, ...]:
        return tuple(checkpoint for checkpoint in self if self.is_installed(checkpoint))

    def is_installed(self, checkpoint: Checkpoint) -> bool:
        return self._installations[checkpoint.id] is not None

    def installation(self, checkpoint_id: str) -> Installation:
        """Where its weights are, and what says how to read them.

        Raises: UserError, if it is not installed.
        """
        checkpoint = self.find(checkpoint_id)
        installation = self._installations[checkpoint.id]
        if installation is None:
            raise UserError(f"{checkpoint.title} is not installed here; {how_to_install(checkpoint)}")
        return installation

    def find(self, name: str) -> Checkpoint:
        """The checkpoint with this id, title or alias, installed or not.

        Raises: UnknownName, naming the nearest ones.
        """
        key = name.strip().casefold()
        for checkpoint in self:
            if key in (own.casefold() for own in checkpoint.names):
                return checkpoint
        near = closest(name, [checkpoint.id for checkpoint in self.installed])
        raise UnknownName(f"There is no model '{name[:60]}' here. Installed: {', '.join(near) or 'none'}.")

    def find_installed(self, name: str) -> Checkpoint:
        """The checkpoint with this name, ready to render with.

        Raises: UnknownName; UserError, if it is described but not installed.
        """
        checkpoint = self.find(name)
        self.installation(checkpoint.id)
        return checkpoint

    def title_of(self, checkpoint_id: str) -> str:
        """What members read; the bare id, if its description was taken away since."""
        known = self._by_id.get(checkpoint_id)
        return known.title if known else checkpoint_id

    def forget(self, checkpoint_id: str, reason: str) -> None:
        """Take an installed checkpoint out of use, since its weights turned out broken."""
        checkpoint_id = self.find(checkpoint_id).id  # the operator's settings may name it by an alias
        self._installations[checkpoint_id] = None
        self.problems.append(Problem(checkpoint_id, reason))

    def _locate(self, checkpoint: Checkpoint) -> Path | None:
        for folder in (self.folder, REPOSITORY):
            location = checkpoint.location(folder)
            if (location / INDEX).is_file() or (location.suffix == ".safetensors" and location.is_file()):
                if (broken := what_is_broken(location)) is None:
                    return location
                self.problems.append(Problem(checkpoint.id, f"Its weights in {location} are broken: {broken}."))
        return None

    def _complete(self, checkpoint: Checkpoint, weights: Mapping[str, Path | None]) -> Installation | None:
        """Find out how to read the weights; a single file is read as the folders of its architecture are."""
        found = weights[checkpoint.id]
        if found is None or found.is_dir():
            return found and Installation.in_folder(found)
        own = configuration_folder(self.folder, checkpoint.architecture)
        folders = (weights[one.id] for one in self if one.architecture is checkpoint.architecture)
        for configuration in (own, *(folder for folder in folders if folder is not None and folder.is_dir())):
            if (configuration / INDEX).is_file() and what_is_broken(configuration) is None:
                return Installation(found, configuration)
        reason = (
            f"Nothing here says how to read {found.name}: `python -m bot install {checkpoint.id}` fetches what does."
        )
        self.problems.append(Problem(checkpoint.id, reason))
        return None


def how_to_install(checkpoint: Checkpoint) -> str:
    """Half a sentence for whoever wants it."""
    return f"its operator can fetch it with `python -m bot install {checkpoint.id}`."


def read_shelf(folder: Path) -> Shelf:
    """Read the built-in descriptions and every `*.toml` of the operator's `folder`.

    A broken file or entry is named in `problems` and does not hinder the others.
    """
    checkpoints: list[Checkpoint] = []
    problems: list[Problem] = []
    for path in (*sorted(DESCRIBED.glob("*.toml")), *(sorted(folder.glob("*.toml")) if folder.is_dir() else ())):
        try:
            checkpoints.append(Checkpoint.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            problems.append(Problem(path.name, f"The file cannot be read: {error}."))
        except ValidationError as error:
            problems.append(Problem(path.name, first_error(error)))
    return Shelf(checkpoints, folder, problems)
