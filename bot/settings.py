"""Everything an operator can set, from the environment or a `.env` file. The one place that reads the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from platformdirs import user_data_path
from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

REPOSITORY = Path(__file__).parents[1]


def _default_data_dir() -> Path:
    # PostgreSQL refuses root, and the account it runs as instead cannot enter root's home.
    return Path("/var/lib/negative-space") if os.geteuid() == 0 else user_data_path("negative-space")


def _split(written: object) -> object:
    return [part.strip() for part in written.split(",") if part.strip()] if isinstance(written, str) else written


T = TypeVar("T")
_Listed = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_split)]


#: Listed, so that a secret which nobody thought of stays out as well: HF_TOKEN or PGPASSWORD, for instance.
_ENGINE_VARIABLES = frozenset(
    {"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "HF_HOME"}
)
#: of Python, torch, the GPUs' drivers and the libraries that do arithmetic on the CPU
_ENGINE_PREFIXES = (
    *("LC_", "PYTHON", "XDG_", "PYTORCH_", "TORCH_", "TORCHINDUCTOR_", "TRITON_"),
    *("CUDA_", "CUDNN_", "CUBLAS_", "NVIDIA_", "NCCL_", "HIP_", "HSA_", "ROCR_", "ROCM_", "MIOPEN_"),
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "DNNL_", "ONEDNN_", "MALLOC_"),
)


class Settings(BaseSettings):
    """Names are those of the environment variables, in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    discord_token: SecretStr = Field(SecretStr(""), description="the bot's token from Discord's developer portal")
    database_url: SecretStr = Field(
        SecretStr(""), description="a PostgreSQL to use; empty: an embedded one under the data folder"
    )
    data_dir: Path = Field(default_factory=_default_data_dir, description="pictures, the embedded database, models")
    embeddings_dir: Path | None = Field(
        None, description="installed embeddings; empty: `embeddings` in the data folder"
    )
    checkpoints_dir: Path | None = Field(None, description="installed models; empty: `checkpoints` in the data folder")
    default_model: str = Field("demo", description="the model used when a member names none")
    embeddings_min: int = Field(1, ge=0, le=1, description="fewest negative embeddings of a request, 0 or 1")
    embeddings_max: int = Field(3, ge=1, le=3, description="most negative embeddings of a request")
    waits_per_member: int = Field(5, ge=1, description="requests that one member may have in line")
    batch_pictures: int = Field(8, ge=1, le=64, description="most pictures that share one denoising loop")
    resident_checkpoints: int = Field(1, ge=1, description="models kept in GPU memory at once")
    engine_device: Literal["auto", "cuda", "mps", "cpu"] = Field("auto", description="where pictures are rendered")
    engine_patience: float = Field(
        120.0, gt=0, description="seconds without a sign of life after which the engine is taken for hung, and replaced"
    )
    pictures_days: float = Field(30.0, gt=0, description="days that pictures are kept on disk after they were sent")
    pictures_gb: float = Field(5.0, gt=0, description="gigabytes of pictures kept on disk; the oldest go first")
    operators: _Listed[int] = Field(
        (), description="users' ids that may install embeddings in any server; commas between"
    )
    embedding_hosts: _Listed[str] = Field(
        ("civitai.com", "huggingface.co", "hf.co"),
        description="where `/embedding install` may fetch files from, subdomains included; commas between",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="how much is logged")
    gateway_patience: float = Field(
        60.0,
        gt=0,
        description="seconds without a word from Discord after which the connection is given up and made anew",
    )
    discord_api_base: str = Field(
        "", description="another Discord to talk to, as the playground is; empty: the real one"
    )
    discord_gateway: str = Field("", description="the gateway of that other Discord")

    @property
    def embedding_folders(self) -> tuple[Path, ...]:
        """Where embeddings are looked for; the demo's own come with the project."""
        return REPOSITORY / "demo" / "embeddings", self.embeddings_dir or self.data_dir / "embeddings"

    @property
    def checkpoint_folder(self) -> Path:
        return self.checkpoints_dir or self.data_dir / "checkpoints"


def environment_with(**variables: str) -> dict[str, str]:
    """This process's environment with some variables set, for a process that it starts."""
    return {**os.environ, **variables}


def engine_environment() -> dict[str, str]:
    """What the engine's process gets of this process's environment: what its libraries read, and no secret."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _ENGINE_VARIABLES or name.startswith(_ENGINE_PREFIXES)
    }
