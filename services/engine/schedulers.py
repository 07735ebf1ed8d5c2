"""The diffusers scheduler for each of our samplers."""

# diffusers exports its classes lazily, which pyright takes for private imports
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)


class _StartAtFirstSigma(DPMSolverMultistepScheduler):
    """DPM++ that always starts at the first sigma.

    With zero terminal SNR, Karras' first sigmas are so close together that from 21 steps on they share a timestep.
    diffusers looks up the starting index by timestep, picks the second, and runs out of sigmas at the last step.
    """

    def set_timesteps(self, *args: Any, **kwargs: Any) -> None:
        super().set_timesteps(*args, **kwargs)
        self.set_begin_index(0)


#: settings that a checkpoint's scheduler file may have for its author's favourite sampler; the member's choice overrides them
_PLAIN: dict[str, Any] = {
    "algorithm_type": "dpmsolver++",
    "solver_order": 2,
    "use_karras_sigmas": False,
    "use_exponential_sigmas": False,
    "use_beta_sigmas": False,
    "use_lu_lambdas": False,
}
_SCHEDULERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp_2m_karras": (_StartAtFirstSigma, {"use_karras_sigmas": True}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "ddim": (DDIMScheduler, {"clip_sample": False}),
    "unipc": (UniPCMultistepScheduler, {}),
}


def scheduler_for(sampler: str, config: Any) -> Any:
    """A new scheduler for each batch, since schedulers keep state between steps; `config` is the checkpoint's own."""
    kind, changes = _SCHEDULERS[sampler]
    return kind.from_config(config, **{**_PLAIN, **changes})
