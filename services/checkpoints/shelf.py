"""All known checkpoints, and which of them are installed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from embeddings.problems import Problem, first_error
from services.checkpoints.discovery import Discovery, Found
from services.checkpoints.entry import Checkpoint
from services.checkpoints.installation import Installation, configuration_folder
from services.checkpoints.validation import INDEX, find_damage
from services.errors import UnknownName, UserError
from services.matching import closest
from services.remedies import Remedy
from services.text import shorten

BUILT_IN = Path(__file__).parent / "entries"
REPOSITORY = Path(__file__).parents[2]


class Shelf:
    """Checkpoints by id, title and alias, case-insensitive."""

    def __init__(
        self,
        checkpoints: Iterable[Checkpoint],
        folder: Path,
        problems: Iterable[Problem] = (),
        discovery: Discovery | None = None,
    ) -> None:
        """`discovery` finds models that none of the checkpoints describes."""
        self.folder = folder
        self._discovery = discovery or Discovery(())
        self.found = Found()
        self.problems = list(problems)
        self._by_id: dict[str, Checkpoint] = {}
        for checkpoint in checkpoints:
            if checkpoint.id in self._by_id:
                self.problems.append(Problem(checkpoint.id, "Another model has the same id; the first entry is used."))
            else:
                self._by_id[checkpoint.id] = checkpoint
        self._described = tuple(self._by_id.values())
        self._problems = tuple(self.problems)
        self._broken: dict[str, str] = {}
        self.apply(self.look())

    def look(self) -> Found:
        """What is in the folders now that nobody described. Reads headers; may run in a thread."""
        return self._discovery.look(self._described, self.folder)

    def apply(self, found: Found) -> None:
        """Offer what was found, and see anew which of the described models are installed."""
        self.found = found
        self.problems = list(self._problems)
        self._by_id = {checkpoint.id: checkpoint for checkpoint in (*self._described, *found.drafts)}
        weights = {checkpoint.id: self._find_weights(checkpoint) for checkpoint in self}
        self._installations = {checkpoint.id: self._find_installation(checkpoint, weights) for checkpoint in self}
        for checkpoint_id, reason in self._broken.items():
            self._installations[checkpoint_id] = None
            self.problems.append(Problem(checkpoint_id, reason))

    def __iter__(self) -> Iterator[Checkpoint]:
        return iter(self._by_id.values())

    @property
    def installed(self) -> tuple[Checkpoint, ...]:
        return tuple(checkpoint for checkpoint in self if self.is_installed(checkpoint))

    def is_installed(self, checkpoint: Checkpoint) -> bool:
        return self._installations[checkpoint.id] is not None

    def installation(self, checkpoint_id: str) -> Installation:
        """Where a checkpoint's weights and configuration are.

        Raises: UnknownName; UserError, if it isn't installed.
        """
        checkpoint = self.find(checkpoint_id)
        installation = self._installations[checkpoint.id]
        if installation is None:
            advice = "The bot's operator can install it; choose another model until then (/model list)."
            raise UserError(f"{checkpoint.title} isn't installed here. {advice}", self._with_another(checkpoint))
        return installation

    def find(self, name: str) -> Checkpoint:
        """The checkpoint with this id, title or alias, installed or not.

        Raises: UnknownName, with the closest names.
        """
        key = name.strip().casefold()
        for checkpoint in self:
            if key in (known.casefold() for known in checkpoint.names):
                return checkpoint
        near = closest(name, [checkpoint.id for checkpoint in self.installed])
        sentence = f"There's no model '{shorten(name)}' here. Installed: {', '.join(near) or 'none'}."
        raise UnknownName(sentence, _draw_with(self._by_id[near[0]]) if near else None)

    def find_installed(self, name: str) -> Checkpoint:
        """The checkpoint with this name, ready to render with.

        Raises: UnknownName; UserError, if it's known but not installed.
        """
        checkpoint = self.find(name)
        self.installation(checkpoint.id)
        return checkpoint

    def title_of(self, checkpoint_id: str) -> str:
        """The name that members read: the title, or the id if its entry has been removed since."""
        known = self._by_id.get(checkpoint_id)
        return known.title if known else checkpoint_id

    def _with_another(self, checkpoint: Checkpoint) -> Remedy | None:
        others = sorted(self.installed, key=lambda other: other.architecture is not checkpoint.architecture)
        return _draw_with(others[0]) if others else None

    def mark_broken(self, checkpoint_id: str, reason: str) -> None:
        """Stop offering an installed checkpoint whose weights turned out to be broken, until the next start."""
        checkpoint_id = self.find(checkpoint_id).id  # the operator's settings may use an alias
        self._broken[checkpoint_id] = reason
        self._installations[checkpoint_id] = None
        self.problems.append(Problem(checkpoint_id, reason))

    def _find_weights(self, checkpoint: Checkpoint) -> Path | None:
        for folder in (self.folder, REPOSITORY):
            location = checkpoint.location(folder)
            if (location / INDEX).is_file() or (location.suffix == ".safetensors" and location.is_file()):
                if (damage := find_damage(location)) is None:
                    return location
                self.problems.append(Problem(checkpoint.id, f"The weights in {location} are damaged: {damage}."))
        return None

    def _find_installation(self, checkpoint: Checkpoint, weights: Mapping[str, Path | None]) -> Installation | None:
        """Find the weights' configuration; a single file borrows that of an installed folder of its architecture."""
        found = weights[checkpoint.id]
        if found is None or found.is_dir():
            return found and Installation.in_folder(found)
        own = configuration_folder(self.folder, checkpoint.architecture)
        folders = (weights[other.id] for other in self if other.architecture is checkpoint.architecture)
        for configuration in (own, *(folder for folder in folders if folder is not None and folder.is_dir())):
            if (configuration / INDEX).is_file() and find_damage(configuration) is None:
                return Installation(found, configuration)
        reason = (
            f"The configuration for {found.name} is missing; download it with `python -m bot install {checkpoint.id}`."
        )
        self.problems.append(Problem(checkpoint.id, reason))
        return None


def _draw_with(checkpoint: Checkpoint) -> Remedy:
    return Remedy(f"Draw with {shorten(checkpoint.title, 60)}", {"model": checkpoint.id})


def read_shelf(folder: Path, also: Iterable[Path] = ()) -> Shelf:
    """Read the built-in entries and every `*.toml` in the operator's `folder`, and find models in it and in others.

    A broken file is listed in `problems`; the others are still used.
    """
    checkpoints: list[Checkpoint] = []
    problems: list[Problem] = []
    for path in (*sorted(BUILT_IN.glob("*.toml")), *(sorted(folder.glob("*.toml")) if folder.is_dir() else ())):
        try:
            checkpoints.append(Checkpoint.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            problems.append(Problem(path.name, f"The file can't be read: {error}."))
        except ValidationError as error:
            problems.append(Problem(path.name, first_error(error)))
    return Shelf(checkpoints, folder, problems, Discovery((folder, *also)))
