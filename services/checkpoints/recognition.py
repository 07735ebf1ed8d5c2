"""Tell from a file's header what kind of checkpoint it is: the architecture by its tensors' shapes, the rest as a guess.

Names of tensors are those of the original layouts, as community checkpoints have them.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from embeddings.architecture import Architecture, architecture_of_widths
from services.checkpoints.validation import INDEX, find_damage, read_header

_SD1_TOKENS = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
_SD2_TOKENS = "cond_stage_model.model.token_embedding.weight"
_SDXL_TOKENS = (
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight",
    "conditioner.embedders.1.model.token_embedding.weight",
)
_FIRST_LAYER = "model.diffusion_model.input_blocks.0.0.weight"
_PLAIN_INPUTS = 4  # channels of a latent; inpainting models take a mask and a picture too

_VAE = "a VAE alone"
#: what a file is that isn't a whole Stable Diffusion, by what is in its tensors' names
_OTHERS = {
    re.compile(r"(?:^|[._])lora[._]"): "a LoRA",
    re.compile(r"^control_model\."): "a ControlNet",
    re.compile(r"double_blocks\."): "a Flux model, which isn't supported",
    re.compile(r"joint_blocks\."): "a Stable Diffusion 3 model, which isn't supported",
    re.compile(r"^(?:first_stage_model|encoder|decoder|quant_conv|post_quant_conv)\."): _VAE,
}
_EMBEDDING = "an embedding; it belongs into the embeddings folder"
_EMBEDDING_KEYS = frozenset({"emb_params", "clip_l", "clip_g"})
#: words in a name or title that tell a lineage, most telling first
_LINEAGES = {
    Architecture.SDXL: {"noob": "illustrious", "illustrious": "illustrious", "ilxl": "illustrious", "pony": "pony"},
    Architecture.SD1: {
        **dict.fromkeys(("realis", "photo", "epicreal", "cyberreal", "majicmix", "chillout"), "realistic"),
        **dict.fromkeys(
            ("anime", "anything", "counterfeit", "meina", "orangemix", "abyss", "pastel", "hassaku"), "anime"
        ),
    },
}
_BASES = {Architecture.DEMO: "demo", Architecture.SD1: "sd15", Architecture.SD2: "sd21", Architecture.SDXL: "sdxl"}
#: few-step checkpoints, which run without classifier-free guidance
_DISTILLED = ("turbo", "lightning", "lcm", "hyper", "dmd2")


class Unrecognised(Exception):
    """Half a sentence that says what the file is instead."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the header says."""

    architecture: Architecture
    lineage: str
    #: as the file calls itself, or its name
    title: str
    #: "v_prediction", or empty where nothing says so
    prediction: str = ""
    zero_terminal_snr: bool = False
    is_distilled: bool = False


def recognise(path: Path) -> Recognised:
    """Read the header of a single file, or the configuration of a folder in diffusers' layout.

    Raises: Unrecognised; OSError.
    """
    if path.is_dir():
        return _of_folder(path)
    if path.suffix.lower() != ".safetensors":
        raise Unrecognised(
            "not a .safetensors file; a pickle can run code, so convert it with the program that made it"
        )
    try:
        _, header = read_header(path)
        metadata: dict[str, str] = header.pop("__metadata__", None) or {}
        shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
    except (ValueError, struct.error, AttributeError, KeyError, TypeError) as error:
        raise Unrecognised("not a safetensors file, or incomplete") from error
    architecture = _architecture(shapes)
    if (damage := find_damage(path)) is not None:
        raise Unrecognised(damage.removeprefix(f"{path.name} "))
    return _described(path.stem, architecture, metadata, shapes)


def _architecture(shapes: Mapping[str, tuple[int, ...]]) -> Architecture:
    if (other := _other_kind(shapes)) is not None:
        raise Unrecognised(other)
    inputs = shapes[_FIRST_LAYER][1] if _FIRST_LAYER in shapes else _PLAIN_INPUTS
    if inputs != _PLAIN_INPUTS:
        raise Unrecognised("a model for inpainting or editing, which takes more than a prompt")
    for names in ((_SD1_TOKENS,), (_SD2_TOKENS,), _SDXL_TOKENS):
        if all(name in shapes for name in names):
            widths = [shapes[name][1] for name in names]
            found = architecture_of_widths(widths[0]) if len(widths) == 1 else _of_pair(*widths)
            if found is not None:
                return found
    raise Unrecognised("a model of an architecture that isn't supported, or without its text encoder")


def _of_pair(first: int, second: int) -> Architecture | None:
    return architecture_of_widths({"clip_l": first, "clip_g": second})


def _other_kind(names: Collection[str]) -> str | None:
    for mark, kind in _OTHERS.items():
        matches = [mark.search(name) is not None for name in names]
        if all(matches) if kind == _VAE else any(matches):
            return kind
    return _EMBEDDING if _EMBEDDING_KEYS.issuperset(names) else None


def _described(
    name: str, architecture: Architecture, said: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]
) -> Recognised:
    title = said.get("modelspec.title", "").strip() or name
    words = f"{name} {title} {said.get('modelspec.merged_from', '')}".casefold()
    is_velocity = "v_pred" in shapes or said.get("modelspec.prediction_type", "").casefold() in ("v", "v_prediction")
    return Recognised(
        architecture=architecture,
        lineage=_lineage(words, architecture),
        title=title,
        prediction="v_prediction" if is_velocity else "",
        zero_terminal_snr="ztsnr" in shapes,
        is_distilled=any(word in words for word in _DISTILLED),
    )


def _lineage(words: str, architecture: Architecture) -> str:
    known = _LINEAGES.get(architecture, {})
    return next((lineage for word, lineage in known.items() if word in words), _BASES[architecture])


def _of_folder(path: Path) -> Recognised:
    encoders = [path / name / "config.json" for name in ("text_encoder", "text_encoder_2")]
    try:
        widths = [json.loads(file.read_text("utf-8"))["hidden_size"] for file in encoders if file.is_file()]
    except (ValueError, KeyError) as error:
        raise Unrecognised(f"its text encoder's configuration can't be read: {error}") from error
    if not (path / INDEX).is_file() or not widths:
        raise Unrecognised(f"a folder without {INDEX} and a text encoder")
    found = architecture_of_widths(widths[0]) if len(widths) == 1 else _of_pair(*widths)
    if found is None:
        raise Unrecognised("a model of an architecture that isn't supported")
    if (damage := find_damage(path)) is not None:
        raise Unrecognised(damage)
    return _described(path.name, found, {}, {})
