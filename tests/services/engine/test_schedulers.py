"""Every sampler is its own scheduler, configured from the checkpoint's."""

from __future__ import annotations

from typing import Any

import diffusers
import pytest
import torch

from services.engine.loader import LoadedCheckpoint
from services.engine.schedulers import scheduler_for
from services.samplers import SAMPLERS


@pytest.mark.parametrize(
    ("sampler", "kind", "setting"),
    [
        ("dpmpp_2m", "DPMSolverMultistepScheduler", {"use_karras_sigmas": False, "solver_order": 2}),
        ("dpmpp_2m_karras", "DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
        ("euler", "EulerDiscreteScheduler", {}),
        ("euler_a", "EulerAncestralDiscreteScheduler", {}),
        ("ddim", "DDIMScheduler", {"clip_sample": False}),
        ("unipc", "UniPCMultistepScheduler", {}),
    ],
)
def test_each_sampler_uses_its_scheduler(
    sd1: LoadedCheckpoint, sampler: str, kind: str, setting: dict[str, Any]
) -> None:
    scheduler = scheduler_for(sampler, sd1.pipe.scheduler.config)
    assert isinstance(scheduler, getattr(diffusers, kind))
    assert setting.items() <= dict(scheduler.config).items()


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_the_checkpoints_noise_schedule_is_kept(demo: LoadedCheckpoint, sampler: str) -> None:
    own = demo.pipe.scheduler.config
    scheduler = scheduler_for(sampler, own)
    for setting in ("beta_start", "beta_end", "beta_schedule", "prediction_type", "timestep_spacing"):
        assert scheduler.config[setting] == own[setting]
    assert scheduler is not scheduler_for(sampler, own)


@pytest.mark.parametrize("sampler", list(SAMPLERS))
@pytest.mark.parametrize("steps", [1, 2, 20, 21, 24, 60, 150])
def test_any_number_of_steps_goes_from_the_first_sigma_to_the_last(
    demo: LoadedCheckpoint, sampler: str, steps: int
) -> None:
    """The demo has zero terminal SNR, with which Karras' first timesteps are equal from 21 steps on."""
    scheduler = scheduler_for(sampler, demo.pipe.scheduler.config)
    scheduler.set_timesteps(steps)
    sample = torch.zeros(1, 4, 2, 2)
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, timestep)
        sample = scheduler.step(torch.zeros_like(scaled), timestep, sample).prev_sample
    assert torch.isfinite(sample).all()
    if hasattr(scheduler, "sigmas"):
        assert scheduler.step_index == steps  # from 0, without skipping any
