"""The table of architectures: their text encoders, how wide those are, and which of their outputs is used.

Adding an architecture takes one row here and one test. Pure data; doesn't import torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Architecture(StrEnum):
    """A family of checkpoints whose text encoders have the same widths. Read from tensor shapes, never from labels."""

    DEMO = "demo"
    SD1 = "sd1"
    SD2 = "sd2"
    SDXL = "sdxl"

    @property
    def facts(self) -> ArchitectureFacts:
        return ARCHITECTURES[self]


@dataclass(frozen=True, slots=True)
class ArchitectureFacts:
    """One row of the table."""

    #: shown to members
    title: str
    #: text encoder → width of its token vectors, in the pipeline's order
    encoders: Mapping[str, int]
    #: pipeline components (tokenizer, text encoder), in the same order
    parts: tuple[tuple[str, str], ...]
    #: index of the encoder's hidden state that conditions the UNet; -1 is the last layer's
    hidden_state: int
    #: whether the encoder's final layer norm is applied to that hidden state
    final_norm: bool
    #: pixels per latent pixel
    latent_factor: int


_ONE_ENCODER = (("tokenizer", "text_encoder"),)
_TWO_ENCODERS = (("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2"))

ARCHITECTURES: Mapping[Architecture, ArchitectureFacts] = {
    Architecture.DEMO: ArchitectureFacts("Demo", {"clip_demo": 96}, _ONE_ENCODER, -1, True, 4),
    Architecture.SD1: ArchitectureFacts("SD 1.5", {"clip_l": 768}, _ONE_ENCODER, -1, True, 8),
    # SD 2 ships its encoder without the last layer, so its last hidden state is the penultimate one of the paper.
    Architecture.SD2: ArchitectureFacts("SD 2", {"clip_h": 1024}, _ONE_ENCODER, -1, True, 8),
    Architecture.SDXL: ArchitectureFacts("SDXL", {"clip_l": 768, "clip_g": 1280}, _TWO_ENCODERS, -2, False, 8),
}


def architecture_of_widths(widths: Mapping[str, int] | int) -> Architecture | None:
    """The architecture with this width, or with these widths by encoder; None if there isn't one."""
    for architecture, facts in ARCHITECTURES.items():
        if isinstance(widths, int):
            if tuple(facts.encoders.values()) == (widths,):
                return architecture
        elif dict(widths) == dict(facts.encoders):
            return architecture
    return None
