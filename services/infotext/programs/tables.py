"""Programs that write a flat table: InvokeAI, NovelAI, Fooocus, SwarmUI, TensorArt, Easy Diffusion and Draw Things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from services.infotext.programs.translation import Translation, file_name
from services.infotext.reader import size

Table = Mapping[str, object]


class Layout(NamedTuple):
    """The keys of a table, by what A1111 calls their values."""

    prompt: str
    negative: str
    steps: str
    sampler: str
    schedule: str
    cfg: str
    #: of a file name, or of a table with one
    model: str
    #: both sides in one, if it isn't "width" and "height"
    size: str = ""
    clip_skip: str = ""
    #: what A1111 adds to this program's count of skipped layers
    clip_skip_offset: int = 0
    loras: str = ""
    #: keys that say nothing about how the picture looks
    ignored: frozenset[str] = frozenset()


INVOKEAI = Layout(
    prompt="positive_prompt",
    negative="negative_prompt",
    steps="steps",
    sampler="scheduler",
    schedule="",
    cfg="cfg_scale",
    model="model",
    clip_skip="clip_skip",
    clip_skip_offset=1,
    loras="loras",
    ignored=frozenset({"app_version", "generation_mode", "rand_device"}),
)
NOVELAI = Layout(
    prompt="prompt",
    negative="uc",
    steps="steps",
    sampler="sampler",
    schedule="noise_schedule",
    cfg="scale",
    model="Source",
    ignored=frozenset({"request_type", "signed_hash", "v4_prompt", "v4_negative_prompt", "n_samples", "version"}),
)
FOOOCUS = Layout(
    prompt="prompt",
    negative="negative_prompt",
    steps="steps",
    sampler="sampler",
    schedule="scheduler",
    cfg="guidance_scale",
    model="base_model",
    size="resolution",
    clip_skip="clip_skip",
    loras="loras",
    ignored=frozenset(
        {"version", "metadata_scheme", "base_model_hash", "created_by", "full_prompt", "full_negative_prompt"}
    ),
)
SWARMUI = Layout(
    prompt="prompt",
    negative="negativeprompt",
    steps="steps",
    sampler="sampler",
    schedule="scheduler",
    cfg="cfgscale",
    model="model",
    loras="loras",
    ignored=frozenset({"swarm_version", "images", "aspectratio", "date", "generation_time", "loraweights"}),
)
TENSORART = Layout(
    prompt="prompt",
    negative="negativePrompt",
    steps="steps",
    sampler="samplerName",
    schedule="",
    cfg="cfgScale",
    model="baseModel",
    clip_skip="clipSkip",
    loras="models",
    ignored=frozenset({"imageCount", "workEngine"}),
)
EASY_DIFFUSION = Layout(
    prompt="prompt",
    negative="negative_prompt",
    steps="num_inference_steps",
    sampler="sampler_name",
    schedule="",
    cfg="guidance_scale",
    model="use_stable_diffusion_model",
    clip_skip="clip_skip",
    loras="use_lora_model",
    ignored=frozenset({"use_embeddings_model", "created_at", "original_prompt", "num_outputs", "use_vae_model"}),
)
#: keys of an older version of it, or of one that writes for people → those above
_EASY_DIFFUSION_TITLES = {
    "steps": "num_inference_steps",
    "sampler": "sampler_name",
    "stable_diffusion_model": "use_stable_diffusion_model",
    "lora_model": "use_lora_model",
    "embedding_models": "use_embeddings_model",
    "vae_model": "use_vae_model",
    "lora_strength": "lora_alpha",
}
DRAW_THINGS = Layout(
    prompt="c",
    negative="uc",
    steps="steps",
    sampler="sampler",
    schedule="",
    cfg="scale",
    model="model",
    size="size",
    loras="lora",
    ignored=frozenset({"v2", "profile"}),
)


def easy_diffusion_table(texts: Mapping[str, object]) -> Table:
    """What Easy Diffusion wrote, by the keys of its newest version."""
    table: dict[str, object] = {}
    for written, value in texts.items():
        key = written.casefold().replace(" ", "_")
        table[_EASY_DIFFUSION_TITLES.get(key, key)] = None if value in ("None", "null", "False", "false") else value
    names, weights = table.get("use_lora_model"), table.pop("lora_alpha", None)
    listed = names if isinstance(names, list) else [names] if names else []
    weighed = weights if isinstance(weights, list) else [weights] * len(listed)
    loras = [[name, weight or 1] for name, weight in zip(listed, weighed, strict=False)]
    clip_skip = table.get("clip_skip")
    return {**table, "use_lora_model": loras, "clip_skip": "2" if clip_skip in (True, "True", "true") else None}


def read_table(table: Table, layout: Layout) -> Translation | None:
    """None if there's neither a prompt nor any setting in it."""
    made = Translation(prompt=_words(table.get(layout.prompt)), negative=_words(table.get(layout.negative)))
    made.pairs["Steps"] = _number(table.get(layout.steps))
    made.set_sampler(_words(table.get(layout.sampler)), _words(table.get(layout.schedule)))
    made.pairs |= {
        "CFG scale": _number(table.get(layout.cfg)),
        "Seed": _number(table.get("seed")),
        "Size": _size(table, layout),
        "Model": _model(table.get(layout.model)),
        "Clip skip": _clip_skip(table, layout),
    }
    made.loras = dict(_loras(table, layout))
    known = {*layout[:9], layout.loras, "seed", "width", "height", *layout.ignored}
    made.others = {
        key: value for key, value in table.items() if key not in known and value not in (None, "", [], {}, False)
    }
    return made if made.prompt or any(made.pairs.values()) else None


def _words(value: object) -> str:
    """The text; some programs write a list of them."""
    if isinstance(value, list):
        return ", ".join(word for word in value if isinstance(word, str))
    return value if isinstance(value, str) else ""


def _number(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    written = f"{value:g}" if isinstance(value, float) else str(value).strip()
    return written if re.fullmatch(r"\d{1,20}(\.\d{1,9})?", written) else None


def _size(table: Table, layout: Layout) -> str | None:
    if layout.size:
        sides = re.findall(r"\d{1,5}", str(table.get(layout.size)))[:2]
        return size("x".join(sides))
    return size(f"{table.get('width')}x{table.get('height')}")


def _model(value: object) -> str:
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("model_name", "name", "modelFileName", "label") if value.get(key)), "")
    return file_name(value) if isinstance(value, str) else ""


def _clip_skip(table: Table, layout: Layout) -> int | None:
    written = _number(table.get(layout.clip_skip))
    return int(float(written)) + layout.clip_skip_offset if written else None


def _loras(table: Table, layout: Layout) -> Iterator[tuple[str, object]]:
    """Each program lists them in its own way: names with weights beside them, pairs, or tables."""
    listed = table.get(layout.loras)
    weights = table.get("loraweights")
    for n, lora in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(lora, Mapping) and str(lora.get("type", "lora")).casefold() == "lora":
            name = _model(lora) or next((found for key in ("lora", "model") if (found := _model(lora.get(key)))), "")
            yield name, lora.get("weight", 1)
        elif isinstance(lora, list) and lora:
            yield file_name(lora[0]), lora[1] if len(lora) > 1 else 1
        elif isinstance(lora, str):
            yield file_name(lora), weights[n] if isinstance(weights, list) and n < len(weights) else 1
