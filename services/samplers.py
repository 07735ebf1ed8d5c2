"""The samplers that members can choose, by the names they know them by."""

from __future__ import annotations

from services.errors import UnknownName
from services.matching import closest

#: id in presets and metadata → what members read; the same words as A1111
SAMPLERS = {
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_karras": "DPM++ 2M Karras",
    "euler": "Euler",
    "euler_a": "Euler a",
    "ddim": "DDIM",
    "unipc": "UniPC",
}
#: what other programs call them
_ALSO_CALLED = {
    "k_euler": "euler",
    "euler ancestral": "euler_a",
    "k_euler_a": "euler_a",
    "k_euler_ancestral": "euler_a",
    "k_dpmpp_2m": "dpmpp_2m",
    "k_dpmpp_2m_ka": "dpmpp_2m_karras",
}


def sampler_of(title: str, schedule: str | None = None) -> str | None:
    """The id of what A1111 writes as "Sampler" and, since version 1.9, "Schedule type"; None if there is no such one here."""
    name = title.strip().casefold()
    if schedule and schedule.strip().casefold() != "automatic":
        name = f"{name} {schedule.strip().casefold()}"
    ours = {title.casefold(): sampler for sampler, title in SAMPLERS.items()} | {one: one for one in SAMPLERS}
    return (ours | _ALSO_CALLED).get(name)


def find_sampler(name: str) -> str:
    """The id of a sampler, given its id or title.

    Raises: UnknownName.
    """
    for sampler, title in SAMPLERS.items():
        if name.strip().casefold() in (sampler, title.casefold()):
            return sampler
    near = [SAMPLERS[sampler] for sampler in closest(name, SAMPLERS)]
    raise UnknownName(f"There is no sampler '{name[:40]}'. Perhaps {' or '.join(near[:2])}?")
