"""Our sampler names as diffusers' schedulers."""

from __future__ import annotations

from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)

_SCHEDULERS: dict[str, tuple[type, dict[str, Any]]] = {
    "dpmpp_2m": (DPMSolverMultistepScheduler, {"use_karras_sigmas": False}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "ddim": (DDIMScheduler, {"clip_sample": False}),
    "unipc": (UniPCMultistepScheduler, {}),
}


def scheduler_for(sampler: str, config: Any) -> Any:
    """A fresh scheduler, since they keep state between steps; `config` is the checkpoint's own."""
    kind, changes = _SCHEDULERS[sampler]
    return kind.from_config(config, **changes)
