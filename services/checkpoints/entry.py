"""A checkpoint's entry: one TOML file per checkpoint."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from embeddings.architecture import Architecture
from embeddings.catalog import Download


class CfgMode(StrEnum):
    """Whether classifier-free guidance can run; without it, a negative prompt has no effect."""

    REAL = "real"
    DISTILLED = "distilled"


class Checkpoint(BaseModel):
    """A set of weights, and the settings that suit it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")
    title: str = Field(min_length=1, max_length=60)
    aliases: tuple[str, ...] = ()
    architecture: Architecture
    lineage: str
    #: the weights: a folder or a .safetensors file, relative to the checkpoints folder or absolute …
    path: str = ""
    #: … or where `python -m bot install` gets them: a repository on the Hugging Face hub, or one file of it …
    hub: str = ""
    hub_file: str = Field(default="", pattern=r"^$|\.safetensors$")
    #: … or one file whose hash is known, best address first
    downloads: tuple[Download, ...] = ()
    source: str = ""
    licence: str = "unverified"
    cfg_mode: CfgMode = CfgMode.REAL
    cfg: float = Field(default=7.0, gt=0, le=30)
    steps: int = Field(default=25, ge=1)
    max_steps: int = Field(default=60, ge=1)
    sampler: str = "dpmpp_2m"
    clip_skip: int = Field(default=1, ge=1, le=4)
    #: "v_prediction" or "epsilon"; if empty, the weights' own scheduler file decides
    prediction: str = ""
    zero_terminal_snr: bool = False
    width: int = 512
    height: int = 512
    #: sides must be multiples of this: the latent factor, times 2 for each time the UNet halves the latents
    multiple: int = Field(default=8, ge=1)
    min_side: int = 256
    max_side: int = 1024
    #: pictures are enlarged by this factor before delivery
    enlarge: int = Field(default=1, ge=1, le=16)
    #: recommended embeddings, best first; the default is the first that is installed
    recommended: tuple[str, ...] = ()
    note: str = ""
    #: a small model's whole vocabulary: the things that it draws, in the plural, and the other words that it knows
    draws: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    #: draws only in age-restricted channels
    age_restricted: bool = False

    @model_validator(mode="after")
    def _sides_fit(self) -> Checkpoint:
        for side in (self.width, self.height, self.min_side, self.max_side):
            if side % self.multiple or not self.min_side <= side <= self.max_side:
                raise ValueError(
                    f"{side} pixels isn't a multiple of {self.multiple} between {self.min_side} and {self.max_side}"
                )
        if not (self.path or self.hub or self.downloads):
            raise ValueError("set path, hub or downloads, so that the weights can be found")
        if self.hub_file and not self.hub:
            raise ValueError("hub_file needs hub, the repository that it is in")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return (self.id, self.title, *self.aliases)

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def single_file(self) -> bool:
        """Whether the weights are one file, whose configuration must come from somewhere else."""
        return self._place.endswith(".safetensors")

    def location(self, folder: Path) -> Path:
        """Where the weights should be; `folder` is the operator's checkpoints folder."""
        path = Path(self._place).expanduser()
        return path if path.is_absolute() else folder / path

    @property
    def _place(self) -> str:
        return self.path or (f"{self.id}.safetensors" if self.hub_file or self.downloads else self.id)
