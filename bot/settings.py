"""The operator's settings, from the environment or a `.env` file. Nothing else reads the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from platformdirs import user_data_path
from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

REPOSITORY = Path(__file__).parents[1]


def _default_data_dir() -> Path:
    # PostgreSQL refuses to run as root, and the account it uses instead can't enter root's home.
    return Path("/var/lib/negative-space") if os.geteuid() == 0 else user_data_path("negative-space")


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


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
    """Each field is the environment variable of that name, in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    discord_token: SecretStr = Field(SecretStr(""), description="the bot's token, from Discord's developer portal")
    database_url: SecretStr = Field(
        SecretStr(""), description="a PostgreSQL to use; if empty, an embedded one in the data folder"
    )
    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="folder for pictures, the embedded database, embeddings and models",
    )
    embeddings_dir: Path | None = Field(
        None, description="folder of installed embeddings; by default, `embeddings` in the data folder"
    )
    checkpoints_dir: Path | None = Field(
        None, description="folder of installed models; by default, `checkpoints` in the data folder"
    )
    more_embeddings: _Listed[Path] = Field(
        (), description="more folders of embeddings, used in place, such as `embeddings` of A1111, separated by commas"
    )
    more_checkpoints: _Listed[Path] = Field(
        (),
        description="more folders of models, used in place, such as `models/Stable-diffusion` of A1111, separated by commas",
    )
    default_model: str = Field("demo", description="the model used when a member doesn't choose one")
    embeddings_min: int = Field(1, ge=0, le=1, description="fewest negative embeddings per request, 0 or 1")
    embeddings_max: int = Field(3, ge=1, le=3, description="most negative embeddings per request, 1 to 3")
    waits_per_member: int = Field(5, ge=1, description="requests that a member may have waiting in line")
    batch_pictures: int = Field(8, ge=1, le=64, description="most pictures rendered in one batch")
    resident_checkpoints: int = Field(1, ge=1, description="models kept in GPU memory at once")
    engine_device: Literal["auto", "cuda", "mps", "cpu"] = Field("auto", description="where pictures are rendered")
    engine_patience: float = Field(
        120.0, gt=0, description="seconds of silence after which the engine counts as hung and is restarted"
    )
    pictures_days: float = Field(30.0, gt=0, description="days to keep pictures on disk after they were sent")
    rows_days: float = Field(
        365.0, gt=0, description="days to keep prompts in the database; older pictures can't be rerolled"
    )
    pictures_gb: float = Field(
        5.0, gt=0, description="gigabytes of pictures to keep on disk; the oldest are deleted first"
    )
    operators: _Listed[int] = Field(
        (), description="ids of users who may install embeddings for every server, separated by commas"
    )
    server_embeddings: int = Field(50, ge=0, description="embeddings that a server may install for itself")
    server_embeddings_mb: int = Field(20, ge=0, description="megabytes that a server's own embeddings may take")
    embedding_hosts: _Listed[str] = Field(
        ("civitai.com", "huggingface.co", "hf.co"),
        description="hosts that `/embedding install` may download from, subdomains included, separated by commas",
    )
    civitai_token: SecretStr = Field(
        SecretStr(""),
        description="a key of a Civitai account, for files that Civitai gives only to people who are logged in",
    )
    hf_token: SecretStr = Field(
        SecretStr(""), description="a token of a Hugging Face account, for files behind a licence that it accepted"
    )
    https_proxy: str = Field("", description="address of an HTTP proxy that downloads go through; if empty, none")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="the least severe messages that are logged"
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="port for Prometheus metrics, /healthz and /readyz; if 0, there is none"
    )
    metrics_address: str = Field("127.0.0.1", description="address of this machine that METRICS_PORT listens on")
    gateway_patience: float = Field(
        60.0,
        gt=0,
        description="seconds of silence from Discord after which the bot reconnects",
    )
    discord_api_base: str = Field(
        "", description="address of another Discord's REST API, such as the playground's; if empty, the real Discord"
    )
    discord_gateway: str = Field("", description="address of the other Discord's gateway")

    @property
    def download_tokens(self) -> dict[str, str]:
        """By the only host that each is for."""
        tokens = {"civitai.com": self.civitai_token, "huggingface.co": self.hf_token}
        return {host: token.get_secret_value() for host, token in tokens.items() if token.get_secret_value()}

    @property
    def embedding_folders(self) -> tuple[Path, ...]:
        """Where embeddings are found: the demo's, which ship with the bot, other programs', and last the operator's own."""
        own = self.embeddings_dir or self.data_dir / "embeddings"
        return REPOSITORY / "demo" / "embeddings", *self.more_embeddings, self.converted_folder, own

    @property
    def converted_folder(self) -> Path:
        """What was converted from files in other formats, which stay as they are."""
        return self.data_dir / "converted-embeddings"

    @property
    def server_embeddings_folder(self) -> Path:
        """Has a folder for each server's own embeddings, beside the operator's."""
        return self.embedding_folders[-1].parent / "server-embeddings"

    @property
    def checkpoint_folder(self) -> Path:
        return self.checkpoints_dir or self.data_dir / "checkpoints"


def environment_with(**variables: str) -> dict[str, str]:
    """This process's environment plus `variables`, for a child process."""
    return {**os.environ, **variables}


def engine_environment() -> dict[str, str]:
    """The part of this process's environment that the engine's process gets: its libraries' variables, no secrets."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _ENGINE_VARIABLES or name.startswith(_ENGINE_PREFIXES)
    }
