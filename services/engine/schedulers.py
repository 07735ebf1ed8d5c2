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


class _FromTheFirstSigma(DPMSolverMultistepScheduler):
    """Begins where the schedule begins.

    With zero terminal SNR, Karras' first sigmas lie so close together that from 21 steps on they share a timestep. diffusers
    looks up by timestep where to begin, would take the second of them, and would run out of sigmas at the last step.
    """

    def set_timesteps(self, *args: Any, **kwargs: Any) -> None:
        super().set_timesteps(*args, **kwargs)
        self.set_begin_index(0)


#: what a scheduler's file may hold for the sampler that its author liked; the name that a member chooses goes before it
_PLAIN: dict[str, Any] = {
    "algorithm_type": "dpmsolver++",
    "solver_order": 2,
    "use_karras_sigmas": False,
    "use_exponential_sigmas": False,
    "use_beta_sigmas": False,
    "use_lu_lambdas": False,
}
_SCHEDULERS: dict[str, tuple[type, dict[str, Any]]] = {
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp_2m_karras": (_FromTheFirstSigma, {"use_karras_sigmas": True}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "ddim": (DDIMScheduler, {"clip_sample": False}),
    "unipc": (UniPCMultistepScheduler, {}),
}


def scheduler_for(sampler: str, config: Any) -> Any:
    """A fresh scheduler, since they keep state between steps; `config` is the checkpoint's own."""
    kind, changes = _SCHEDULERS[sampler]
    return kind.from_config(config, **{**_PLAIN, **changes})
