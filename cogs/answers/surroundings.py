"""What the bot knows now, beside a job itself, that belongs on its card."""

from __future__ import annotations

from dataclasses import dataclass

from services.parameters import PlanRecord
from services.stock import Stock


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Looked up when the card is made, since the library may have changed since the job was planned."""

    #: the title that members know
    model: str
    #: what the embeddings steer away from, in plain words
    avoided: tuple[str, ...] = ()
    #: the operators'
    announcement: str = ""


def surroundings_of(plan: PlanRecord, stock: Stock) -> Surroundings:
    """An embedding that nothing is known about goes by its name."""
    found = [(placed.id, stock.embedding(placed.id)) for placed in plan.embeddings]
    targets = [target for name, installed in found for target in ((installed and installed.targets) or (name,))]
    model = stock.shelf.title_of(plan.checkpoint)
    return Surroundings(model, tuple(dict.fromkeys(targets)), stock.everywhere.announcement)
