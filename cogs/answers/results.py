"""What becomes of the pictures of a job: one file each, or one sheet for all cells of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cogs.answers.cards import result_card
from cogs.answers.comparison import comparison_card
from cogs.answers.messages import OutgoingMessage
from cogs.answers.surroundings import Surroundings
from services.jobs import Job
from services.parameters import PlanRecord
from services.pictures.grid import draw_grid
from services.pictures.uploads import Upload
from services.policy.safety import Shown


def files_of(plan: PlanRecord, pictures: Mapping[int, bytes]) -> list[bytes]:
    """The PNG files to post; `pictures` are those that are shown, by their number."""
    if plan.comparison is None:
        return list(pictures.values())
    return [draw_grid(plan.comparison, plan.seed, pictures)]


def result_message(job: Job, known: Surroundings, uploads: Sequence[Upload], shown: Shown) -> OutgoingMessage:
    """The card with the files."""
    card = result_card if job.parameters.comparison is None else comparison_card
    return card(job, known, uploads, shown)
