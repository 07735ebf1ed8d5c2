"""Prediction type and noise schedule: our schedulers and latents compared with diffusers configured by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from embeddings.architecture import Architecture
from services.checkpoints import Installation
from services.engine.loader import LoadedCheckpoint, load_checkpoint
from services.engine.schedulers import scheduler_for
from services.parameters import GenerationParameters
from services.samplers import SAMPLERS
from tests.builders import a_checkpoint, a_plan
from tests.services.engine.conftest import CPU
from tests.services.engine.recording import latents_of, recording, with_class
from tests.services.engine.tiny import SIDE, placed

NOISE: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
ZERO_SNR: dict[str, Any] = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
#: scheduler files that checkpoints ship with: SD 1.5's, SDXL's, and those of merges
SHIPPED: dict[str, dict[str, Any]] = {
    "PNDMScheduler": {"skip_prk_steps": True, "set_alpha_to_one": False, "steps_offset": 1},
    "DDIMScheduler": {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1},
    "EulerDiscreteScheduler": {
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "use_karras_sigmas": False,
        "clip_sample": False,
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "interpolation_type": "linear",
    },
    # merges often come with their author's favourite sampler, which must not affect the one that a member chooses
    "DPMSolverMultistepScheduler": {
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "use_karras_sigmas": True,
        "algorithm_type": "sde-dpmsolver++",
        "solver_order": 3,
        "clip_sample": False,
        "set_alpha_to_one": False,
    },
    "UniPCMultistepScheduler": {
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "use_exponential_sigmas": True,
        "solver_order": 3,
        "clip_sample": False,
        "set_alpha_to_one": False,
    },
}
#: each sampler as configured in diffusers' documentation
BY_HAND: dict[str, tuple[str, dict[str, Any]]] = {
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
    "ddim": ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False}),
    "unipc": ("UniPCMultistepScheduler", {}),
}

Write = Callable[[str, dict[str, Any]], Path]


@pytest.fixture
def folder_with(sd1_folder: Path, tmp_path: Path) -> Write:
    """Copy the tiny SD 1 with a scheduler file of this class, with these settings besides those of the noise."""

    def write(kind: str, settings: dict[str, Any]) -> Path:
        folder = Path(shutil.copytree(sd1_folder, tmp_path / kind, dirs_exist_ok=True))
        file = {"_class_name": kind, "num_train_timesteps": 1000, **NOISE, **settings}
        (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(file))
        index = json.loads((folder / "model_index.json").read_text())
        (folder / "model_index.json").write_text(json.dumps({**index, "scheduler": ["diffusers", kind]}))
        return folder

    return write


def loaded_from(folder: Path, **entry: Any) -> LoadedCheckpoint:
    return load_checkpoint(a_checkpoint("sd1", Architecture.SD1, **entry), Installation.in_folder(folder), CPU)


def by_hand(sampler: str, **settings: Any) -> Any:
    kind, own = BY_HAND[sampler]
    return getattr(diffusers, kind)(**NOISE, steps_offset=1, **{**own, **settings})


def assert_same_noise(ours: Any, theirs: Any) -> None:
    """The same betas, and for 7 steps the same timesteps and sigmas, bit-identical."""
    assert isinstance(ours, type(theirs))
    for setting in ("prediction_type", "algorithm_type", "solver_order"):
        assert ours.config.get(setting) == theirs.config.get(setting) or setting not in theirs.config
    for scheduler in (ours, theirs):
        scheduler.set_timesteps(7)
    for name in ("betas", "alphas_cumprod", "final_alpha_cumprod", "timesteps", "sigmas"):
        assert hasattr(ours, name) == hasattr(theirs, name)
        if hasattr(ours, name):
            assert torch.equal(getattr(ours, name), getattr(theirs, name)), name
    assert torch.equal(torch.as_tensor(ours.init_noise_sigma), torch.as_tensor(theirs.init_noise_sigma))


@pytest.mark.parametrize("sampler", list(SAMPLERS))
@pytest.mark.parametrize("shipped", list(SHIPPED))
def test_zero_terminal_snr_equals_diffusers_with_any_shipped_scheduler(
    folder_with: Write, shipped: str, sampler: str
) -> None:
    loaded = loaded_from(folder_with(shipped, SHIPPED[shipped]), prediction="v_prediction", zero_terminal_snr=True)
    ours = scheduler_for(sampler, loaded.pipe.scheduler.config)
    assert_same_noise(ours, by_hand(sampler, prediction_type="v_prediction", **ZERO_SNR))
    assert float(ours.alphas_cumprod[-1]) <= 2**-24  # pure noise at the first step
    assert int(ours.timesteps[0]) == 999  # and that step isn't skipped


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_an_entrys_prediction_type_alone_does_not_change_the_noise(folder_with: Write, sampler: str) -> None:
    shipped = {**SHIPPED["DDIMScheduler"], "timestep_spacing": "leading"}
    loaded = loaded_from(folder_with("DDIMScheduler", shipped), prediction="v_prediction")
    ours = scheduler_for(sampler, loaded.pipe.scheduler.config)
    assert_same_noise(ours, by_hand(sampler, prediction_type="v_prediction", timestep_spacing="leading"))
    assert float(ours.alphas_cumprod[-1]) > 0.004


@pytest.mark.parametrize("sampler", list(SAMPLERS))
@pytest.mark.parametrize(
    "file",
    [
        {},
        {"prediction_type": "epsilon"},
        {"prediction_type": "v_prediction"},
        {"prediction_type": "v_prediction", **ZERO_SNR},
    ],
)
def test_without_settings_in_the_entry_the_weights_scheduler_file_applies(
    folder_with: Write, file: dict[str, Any], sampler: str
) -> None:
    settings = {**SHIPPED["EulerDiscreteScheduler"], **file}
    loaded = loaded_from(folder_with("EulerDiscreteScheduler", settings), prediction="")
    own = {key: settings[key] for key in (*file, "timestep_spacing")}
    assert_same_noise(scheduler_for(sampler, loaded.pipe.scheduler.config), by_hand(sampler, **own))


def test_an_entrys_prediction_type_overrides_the_scheduler_file(folder_with: Write) -> None:
    settings = {**SHIPPED["DDIMScheduler"], "prediction_type": "v_prediction"}
    loaded = loaded_from(folder_with("DDIMScheduler", settings), prediction="epsilon")
    assert scheduler_for("euler", loaded.pipe.scheduler.config).config.prediction_type == "epsilon"


def encoded_prompts(loaded: LoadedCheckpoint, plan: GenerationParameters) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}
    for prefix, encoded in (
        ("", loaded.conditioner.encode(plan.prompt)),
        ("negative_", loaded.conditioner.encode(plan.negative, plan.embeddings)),
    ):
        tensors[f"{prefix}prompt_embeds"] = encoded.states
        if encoded.pooled is not None:
            tensors[f"{prefix}pooled_prompt_embeds"] = encoded.pooled
    return tensors


@torch.inference_mode()
def stock_latents(kind: Any, loaded: LoadedCheckpoint, plan: GenerationParameters, scheduler: Any) -> torch.Tensor:
    pipe = with_class(kind, loaded.pipe)
    pipe.scheduler = scheduler
    return pipe(
        **encoded_prompts(loaded, plan),
        guidance_scale=plan.cfg,
        num_inference_steps=plan.steps,
        width=plan.width,
        height=plan.height,
        generator=torch.Generator("cpu").manual_seed(plan.seed),
        output_type="latent",
    ).images


@pytest.mark.parametrize("sampler", list(SAMPLERS))
@pytest.mark.parametrize("entry", [{}, {"prediction": "v_prediction", "zero_terminal_snr": True}])
def test_latents_equal_those_of_a_stock_pipeline_configured_by_hand(
    folder_with: Write, sampler: str, entry: dict[str, Any]
) -> None:
    settings = {**SHIPPED["EulerDiscreteScheduler"], "prediction_type": "epsilon"}
    loaded = recording(loaded_from(folder_with("EulerDiscreteScheduler", settings), **entry))
    plan = a_plan(
        prompt="a (red:1.2) fish",
        negative="blurry",
        embeddings=(placed(Architecture.SD1, 4),),
        cfg=5.0,
        steps=5,
        width=SIDE,
        height=SIDE,
        sampler=sampler,
    )
    correct = {"prediction_type": "v_prediction", **ZERO_SNR} if entry else {"timestep_spacing": "leading"}
    theirs = stock_latents(StableDiffusionPipeline, loaded, plan, by_hand(sampler, **correct))
    ours = latents_of(loaded, [plan])
    assert torch.isfinite(ours).all()
    assert float((ours - theirs).abs().max()) == 0
    wrong = {"timestep_spacing": "leading"} if entry else {"prediction_type": "v_prediction", **ZERO_SNR}
    others = stock_latents(StableDiffusionPipeline, loaded, plan, by_hand(sampler, **wrong))
    assert float((ours - others).abs().max()) > 0.01


@pytest.mark.parametrize("checkpoint", ["sd2", "sdxl", "demo"])
def test_latents_equal_those_of_a_stock_pipeline(by_name: Callable[[str], Any], checkpoint: str) -> None:
    loaded = recording(by_name(checkpoint))
    kind = StableDiffusionXLPipeline if checkpoint == "sdxl" else StableDiffusionPipeline
    side = 48 if checkpoint == "demo" else SIDE
    embeddings = (
        placed(loaded.checkpoint.architecture, 4),
        placed(loaded.checkpoint.architecture, 2, seed=1, strength=0.7),
    )
    plan = a_plan(
        negative="blurry", embeddings=embeddings, cfg=5.0, steps=5, width=side, height=side, sampler="dpmpp_2m"
    )
    scheduler = scheduler_for("dpmpp_2m", loaded.pipe.scheduler.config)
    theirs = stock_latents(kind, loaded, plan, scheduler)
    assert float((latents_of(loaded, [plan]) - theirs).abs().max()) == 0
