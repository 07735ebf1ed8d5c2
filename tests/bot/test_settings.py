"""The operator's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from bot.settings import Settings, engine_environment

ROOT = Path(__file__).parents[2]


def test_every_setting_is_described_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`{name.upper()}`" in readme
        assert field.description


def test_every_setting_reaches_the_container() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    in_image = {"DATA_DIR"}  # a volume
    for service in ("bot", "bot-gpu"):
        assert services[service]["environment"].keys() | in_image == {name.upper() for name in Settings.model_fields}
    assert services["bot-gpu"]["profiles"] == ["gpu"]


def test_settings_are_read_from_the_environment_and_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DEFAULT_MODEL=sd15\nBATCH_PICTURES=4\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATCH_PICTURES", "2")
    settings = Settings()  # pyright: ignore[reportCallIssue]
    assert settings.default_model == "sd15"
    assert settings.batch_pictures == 2  # the environment wins over the file


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "very.secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@host/db")
    assert "secret" not in repr(Settings())  # pyright: ignore[reportCallIssue]


def test_secrets_stay_out_of_the_engines_process(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"PATH": "/bin", "CUDA_VISIBLE_DEVICES": "1", "OMP_NUM_THREADS": "2", "LC_ALL": "C.UTF-8"}
    secrets = ("DISCORD_TOKEN", "DATABASE_URL", "PGPASSWORD", "HF_TOKEN", "CIVITAI_API_KEY", "AWS_SECRET_ACCESS_KEY")
    for name, value in [*kept.items(), *((name, "secret") for name in secrets)]:
        monkeypatch.setenv(name, value)
    environment = engine_environment()
    assert environment.items() >= kept.items()
    assert "secret" not in environment.values()


@pytest.mark.parametrize(
    ("name", "value"), [("EMBEDDINGS_MAX", "4"), ("WAITS_PER_MEMBER", "0"), ("ENGINE_DEVICE", "tpu")]
)
def test_invalid_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()  # pyright: ignore[reportCallIssue]
