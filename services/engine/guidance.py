"""A guidance scale per picture in a batch, so that requests with different CFG can share one denoising loop."""

from __future__ import annotations

import torch


class PerSampleGuidance:
    """A mixin, to be listed before a Stable Diffusion pipeline, that makes the guidance scale a tensor.

    The pipeline computes negative + scale · (positive − negative), which broadcasts over a scale of shape
    (batch, 1, 1, 1). The `guidance_scale` passed to `__call__` is ignored. As in diffusers, a scale below 1 counts as 1,
    the positive prompt alone; otherwise such a picture would come out differently in a batch with guided ones.

    Source: classifier-free guidance, Ho & Salimans 2022, arXiv:2207.12598.
    """

    #: one scale per picture; set before every call
    scales: torch.Tensor

    def set_scales(self, scales: list[float], device: torch.device, dtype: torch.dtype) -> None:
        self.scales = torch.tensor(scales, device=device, dtype=dtype).clamp(min=1).view(-1, 1, 1, 1)

    @property
    def guidance_scale(self) -> torch.Tensor:
        return self.scales

    @property
    def do_classifier_free_guidance(self) -> bool:
        return bool((self.scales > 1).any())
