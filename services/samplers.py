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


def find_sampler(name: str) -> str:
    """The id of a sampler, given its id or title.

    Raises: UnknownName.
    """
    for sampler, title in SAMPLERS.items():
        if name.strip().casefold() in (sampler, title.casefold()):
            return sampler
    near = [SAMPLERS[sampler] for sampler in closest(name, SAMPLERS)]
    raise UnknownName(f"There is no sampler '{name[:40]}'. Perhaps {' or '.join(near[:2])}?")
