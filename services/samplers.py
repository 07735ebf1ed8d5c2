"""The samplers that members can choose from, under their familiar names."""

from __future__ import annotations

from services.errors import UnknownName
from services.matching import closest
from services.text import shorten

#: id, used in presets and jobs → name that members see, as in A1111
SAMPLERS = {
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_karras": "DPM++ 2M Karras",
    "euler": "Euler",
    "euler_a": "Euler a",
    "ddim": "DDIM",
    "unipc": "UniPC",
}
#: names that other programs use
_ALIASES = {
    "k_euler": "euler",
    "euler ancestral": "euler_a",
    "k_euler_a": "euler_a",
    "k_euler_ancestral": "euler_a",
    "k_dpmpp_2m": "dpmpp_2m",
    "k_dpmpp_2m_ka": "dpmpp_2m_karras",
}


def parse_sampler(title: str, schedule: str | None = None) -> str | None:
    """The id for A1111's "Sampler" and, since version 1.9, "Schedule type"; None if this bot doesn't have that sampler."""
    name = title.strip().casefold()
    if schedule and schedule.strip().casefold() != "automatic":
        name = f"{name} {schedule.strip().casefold()}"
    titles = {title.casefold(): sampler for sampler, title in SAMPLERS.items()}
    ids = {sampler: sampler for sampler in SAMPLERS}
    return (titles | ids | _ALIASES).get(name)


def find_sampler(name: str) -> str:
    """The id of a sampler, given its id or title.

    Raises: UnknownName.
    """
    for sampler, title in SAMPLERS.items():
        if name.strip().casefold() in (sampler, title.casefold()):
            return sampler
    near = [SAMPLERS[sampler] for sampler in closest(name, SAMPLERS)]
    raise UnknownName(f"There's no sampler '{shorten(name)}'. Did you mean {' or '.join(near[:2])}?")
