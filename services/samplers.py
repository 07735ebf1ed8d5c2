"""The samplers that members can choose from, under their familiar names."""

from __future__ import annotations

import re

from services.errors import UnknownName
from services.matching import closest
from services.remedies import Remedy
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
#: by what every spelling of a name has in common: A1111's, ComfyUI's, InvokeAI's, NovelAI's, Easy Diffusion's, Draw Things',
#: and diffusers' classes
_FAMILIES = {
    "dpmpp2m": "dpmpp_2m",
    "dpmsolvermultistep": "dpmpp_2m",
    "euler": "euler",
    "eulerdiscrete": "euler",
    "eulera": "euler_a",
    "eulerancestral": "euler_a",
    "eulerancestraldiscrete": "euler_a",
    "ddim": "ddim",
    "unipc": "unipc",
    "unipcmultistep": "unipc",
}
#: schedules that are what a sampler has by itself
_PLAIN = frozenset({"", "normal", "native", "default", "discrete"})
#: A1111 decides, which since version 1.9 means Karras for this one
_AUTOMATIC, _KARRAS_BY_ITSELF = "automatic", "dpmpp_2m"
_PREFIX = re.compile(r"^(?:sample_)?k_|_?scheduler$", re.IGNORECASE)
#: a schedule that is part of the name; older programs write it as a suffix
_KARRAS = re.compile(r"[\s_]*karras$|_ka?$", re.IGNORECASE)


def parse_sampler(title: str, schedule: str | None = None) -> str | None:
    """The id for any program's name of a sampler and of a schedule; None if this bot doesn't have that sampler."""
    name = _PREFIX.sub("", title.strip())
    plain = _KARRAS.sub("", name)
    wanted = "karras" if plain != name else _squeezed(schedule or "")
    family = _FAMILIES.get(_squeezed(plain))
    if wanted == _AUTOMATIC:
        wanted = "karras" if family == _KARRAS_BY_ITSELF else ""
    if wanted in _PLAIN:
        return family
    return f"{family}_{wanted}" if f"{family}_{wanted}" in SAMPLERS else None


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _PREFIX.sub("", name.strip().casefold()).replace("++", "pp"))


def find_sampler(name: str) -> str:
    """The id of a sampler, given its id or title.

    Raises: UnknownName.
    """
    for sampler, title in SAMPLERS.items():
        if name.strip().casefold() in (sampler, title.casefold()):
            return sampler
    near = closest(name, SAMPLERS)[:2]
    meant = " or ".join(SAMPLERS[sampler] for sampler in near)
    remedy = Remedy(f"Draw with {SAMPLERS[near[0]]}", {"sampler": near[0]})
    raise UnknownName(f"There's no sampler '{shorten(name)}'. Did you mean {meant}?", remedy)
