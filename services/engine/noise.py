"""The noise that each picture starts from."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from services.parameters import GenerationParameters

#: directions closer than this are mixed along a straight line, where the angle between them is too small to divide by
_NEARLY_PARALLEL = 0.9995


def initial_noise(
    samples: Sequence[tuple[GenerationParameters, int]],
    generators: Sequence[torch.Generator],
    shape: tuple[int, int, int],
    dtype: torch.dtype,
) -> torch.Tensor:
    """Standard normal noise for each sample, drawn from its generator as diffusers would draw it.

    A variation has some of another seed's noise mixed in. Shape: (samples, *shape), on the processor.
    """
    noise = torch.cat([torch.randn((1, *shape), generator=generator, dtype=dtype) for generator in generators])
    for number, (plan, index) in enumerate(samples):
        if plan.variation_strength > 0:
            other = torch.Generator("cpu").manual_seed(plan.variation_seed_of(index))
            noise[number] = mix(
                noise[number], torch.randn(shape, generator=other, dtype=dtype), plan.variation_strength
            )
    return noise


def mix(noise: torch.Tensor, other: torch.Tensor, share: float) -> torch.Tensor:
    """Go `share` of the way, from 0 to 1, along the arc from one noise to the other, so that the norm stays that of noise.

    As in A1111, the arcs are those of the columns: its variation seeds make the same pictures here.
    """
    start, end = noise.float(), other.float()
    cosine = (_normal(start) * _normal(end)).sum(1, keepdim=True)
    if cosine.mean() > _NEARLY_PARALLEL:
        mixed = torch.lerp(start, end, share)
    else:
        angle = torch.acos(cosine)
        mixed = (torch.sin((1 - share) * angle) * start + torch.sin(share * angle) * end) / torch.sin(angle)
    return mixed.to(noise.dtype)


def _normal(columns: torch.Tensor) -> torch.Tensor:
    return columns / columns.square().sum(dim=1, keepdim=True).sqrt()
