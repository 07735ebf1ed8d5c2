"""A guidance scale for each picture of a batch, so that requests with different CFG share one denoising loop."""

from __future__ import annotations

import torch


class PerSampleGuidance:
    """Mixed in before a Stable Diffusion pipeline: its two guidance properties answer with a tensor.

    The pipeline computes negative + scale · (positive − negative), which broadcasts over a scale of shape (batch, 1, 1, 1). The
    number given to `__call__` is ignored. A scale below 1 counts as 1, the positive prompt alone, as it does in diffusers: beside
    pictures that are guided, it would otherwise give another picture than alone.

    Source: classifier-free guidance, Ho & Salimans 2022, arXiv:2207.12598.
    """

    #: one scale for each picture; set before every call
    scales: torch.Tensor

    def set_scales(self, scales: list[float], device: torch.device, dtype: torch.dtype) -> None:
        self.scales = torch.tensor(scales, device=device, dtype=dtype).clamp(min=1).view(-1, 1, 1, 1)

    @property
    def guidance_scale(self) -> torch.Tensor:
        return self.scales

    @property
    def do_classifier_free_guidance(self) -> bool:
        return bool((self.scales > 1).any())
