"""One checkpoint as its TOML entry describes it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from embeddings.architecture import Architecture


class CfgMode(StrEnum):
    """Whether classifier-free guidance runs at all; without it a negative prompt does nothing."""

    REAL = "real"
    DISTILLED = "distilled"


class Checkpoint(BaseModel):
    """Weights, and the settings that suit them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")
    title: str = Field(min_length=1, max_length=60)
    aliases: tuple[str, ...] = ()
    architecture: Architecture
    lineage: str
    #: where the weights are: a folder or a .safetensors file, relative to the checkpoints folder or absolute …
    path: str = ""
    #: … or a repository on the Hugging Face hub, that `python -m bot install` fetches
    hub: str = ""
    source: str = ""
    licence: str = "unverified"
    cfg_mode: CfgMode = CfgMode.REAL
    cfg: float = Field(default=7.0, gt=0, le=30)
    steps: int = Field(default=25, ge=1)
    max_steps: int = Field(default=60, ge=1)
    sampler: str = "dpmpp_2m"
    clip_skip: int = Field(default=1, ge=1, le=4)
    #: "v_prediction" or "epsilon"; empty: what the weights' own scheduler file says
    prediction: str = ""
    zero_terminal_snr: bool = False
    width: int = 512
    height: int = 512
    #: sides must be multiples of this, which is the latent factor times what the UNet halves
    multiple: int = Field(default=8, ge=1)
    min_side: int = 256
    max_side: int = 1024
    #: pictures are delivered enlarged by this factor
    enlarge: int = Field(default=1, ge=1, le=16)
    #: embeddings recommended for it, the best first; the first installed one is the default
    recommended: tuple[str, ...] = ()
    note: str = ""

    @model_validator(mode="after")
    def _sides_fit(self) -> Checkpoint:
        for side in (self.width, self.height, self.min_side, self.max_side):
            if side % self.multiple or not self.min_side <= side <= self.max_side:
                raise ValueError(
                    f"size {side} is not a multiple of {self.multiple} from {self.min_side} to {self.max_side}"
                )
        if not (self.path or self.hub):
            raise ValueError("neither path nor hub says where the weights are")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return (self.id, self.title, *self.aliases)

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def single_file(self) -> bool:
        """Whether the weights are one file, which says nothing of how it is to be read."""
        return self.path.endswith(".safetensors")

    def location(self, folder: Path) -> Path:
        """Where the weights are expected, given the operator's checkpoints folder."""
        path = Path(self.path or self.id).expanduser()
        return path if path.is_absolute() else folder / path
