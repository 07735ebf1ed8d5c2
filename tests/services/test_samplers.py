"""Samplers by their ids, titles and other programs' names."""

from __future__ import annotations

import pytest

from services.errors import UnknownName
from services.samplers import SAMPLERS, find_sampler, parse_sampler


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sampler_is_found_by_id_and_by_title(sampler: str) -> None:
    assert find_sampler(sampler.upper()) == sampler
    assert find_sampler(f" {SAMPLERS[sampler].lower()} ") == sampler


def test_for_an_unknown_sampler_similar_ones_are_suggested() -> None:
    with pytest.raises(UnknownName, match=r"There's no sampler 'eular'\. Did you mean Euler"):
        find_sampler("eular")


@pytest.mark.parametrize(
    ("title", "schedule", "sampler"),
    [
        ("DPM++ 2M", "Karras", "dpmpp_2m_karras"),
        ("DPM++ 2M Karras", None, "dpmpp_2m_karras"),
        ("DPM++ 2M", None, "dpmpp_2m"),
        ("Euler a", "Automatic", "euler_a"),
        ("k_euler_a", None, "euler_a"),
        ("euler", "", "euler"),
        ("UniPC", None, "unipc"),
        ("Euler", "Karras", None),
        # ComfyUI's and SwarmUI's, InvokeAI's, NovelAI's, Easy Diffusion's, Draw Things', diffusers'
        ("dpmpp_2m", "karras", "dpmpp_2m_karras"),
        ("dpmpp_2m", "normal", "dpmpp_2m"),
        ("euler_ancestral", "normal", "euler_a"),
        ("uni_pc", "normal", "unipc"),
        ("dpmpp_2m_k", None, "dpmpp_2m_karras"),
        ("k_euler_ancestral", "native", "euler_a"),
        ("k_dpmpp_2m", "karras", "dpmpp_2m_karras"),
        ("Euler A", None, "euler_a"),
        ("DPM++ 2M KARRAS", None, "dpmpp_2m_karras"),
        ("DPMSolverMultistepScheduler", None, "dpmpp_2m"),
        ("EulerAncestralDiscreteScheduler", None, "euler_a"),
        ("UniPCMultistepScheduler", None, "unipc"),
        ("DDIMScheduler", None, "ddim"),
        # A1111 since 1.9: Automatic is Karras for this sampler
        ("DPM++ 2M", "Automatic", "dpmpp_2m_karras"),
        # what would look different
        ("DPM++ 2M SDE", "Karras", None),
        ("dpmpp_2m_sde", "karras", None),
        ("DPM++ 2M", "SGM Uniform", None),
        ("Euler A Trailing", None, None),
        ("unipc_tu", None, None),
        ("lcm", None, None),
        ("DPM++ SDE", "Karras", None),
        ("", None, None),
    ],
)
def test_other_programs_sampler_names_are_recognised(title: str, schedule: str | None, sampler: str | None) -> None:
    assert parse_sampler(title, schedule) == sampler
