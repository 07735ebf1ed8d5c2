"""Save a checkpoint as one file in the original Stable Diffusion layout, in which most models are shared.

The inverse of diffusers' conversion, for pipelines of any depth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from embeddings.architecture import Architecture

Tensors = dict[str, torch.Tensor]

_UNET_ENDS = {
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
_UNET_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
_OPEN_CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def save_single_file(pipe: Any, path: Path) -> Path:
    """Write a pipeline's weights as one file; an encoder of SD 2's width is saved in OpenCLIP's layout."""
    tensors = _prefixed("model.diffusion_model.", _unet(pipe.unet)) | _prefixed("first_stage_model.", _vae(pipe.vae))
    if hasattr(pipe, "text_encoder_2"):
        tensors |= _prefixed("conditioner.embedders.0.transformer.text_model.", _clip(pipe.text_encoder))
        tensors |= _prefixed("conditioner.embedders.1.model.", _open_clip(pipe.text_encoder_2))
    elif pipe.text_encoder.config.hidden_size == Architecture.SD2.facts.encoders["clip_h"]:
        tensors |= _prefixed("cond_stage_model.model.", _open_clip(pipe.text_encoder))
    else:
        tensors |= _prefixed("cond_stage_model.transformer.text_model.", _clip(pipe.text_encoder))
    # two tensors that the reader has to ignore
    tensors |= {"alphas_cumprod": torch.linspace(1, 0, 1000), "model_ema.decay": torch.tensor(0.9999)}
    save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, path)
    return path


def _prefixed(prefix: str, tensors: Mapping[str, torch.Tensor]) -> Tensors:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _unet(unet: Any) -> Tensors:
    """Each half's blocks are numbered consecutively; a block's resampler comes after its layers."""
    layers = unet.config.layers_per_block

    def down(match: re.Match[str]) -> str:
        block, kind, number, rest = int(match[1]), match[2], int(match[3]), match[4]
        first = 1 + block * (layers + 1)
        if kind == "downsamplers":
            return f"input_blocks.{first + layers}.0.op" + rest.removeprefix(".conv")
        return _layer(f"input_blocks.{first + number}", kind, rest)

    def up(match: re.Match[str]) -> str:
        block, kind, number, rest = int(match[1]), match[2], int(match[3]), match[4]
        first = block * (layers + 1)
        if kind == "upsamplers":
            place = 2 if hasattr(unet.up_blocks[block], "attentions") else 1
            return f"output_blocks.{first + layers}.{place}" + rest
        return _layer(f"output_blocks.{first + number}", kind, rest)

    def middle(match: re.Match[str]) -> str:
        kind, number, rest = match[1], int(match[2]), match[3]
        return f"middle_block.{2 * number + (kind == 'attentions')}" + _inside(kind, rest)

    rules = (
        (r"down_blocks\.(\d+)\.(\w+)\.(\d+)(.*)", down),
        (r"up_blocks\.(\d+)\.(\w+)\.(\d+)(.*)", up),
        (r"mid_block\.(\w+)\.(\d+)(.*)", middle),
    )
    return {_renamed(name, rules, _UNET_ENDS): tensor for name, tensor in unet.state_dict().items()}


def _layer(place: str, kind: str, rest: str) -> str:
    return f"{place}.{int(kind == 'attentions')}" + _inside(kind, rest)


def _inside(kind: str, rest: str) -> str:
    if kind == "attentions":  # both layouts name transformer layers alike
        return rest
    part, end = rest.removeprefix(".").rsplit(".", 1)
    return f".{_UNET_RESNET[part]}.{end}"


def _vae(vae: Any) -> Tensors:
    """Decoder blocks are numbered in reverse, and attention layers are 1×1 convolutions."""
    last = len(vae.config.up_block_types) - 1
    tensors: Tensors = {}
    for name, tensor in vae.state_dict().items():
        new = re.sub(r"down_blocks\.(\d+)\.resnets\.(\d+)", r"down.\1.block.\2", name)
        new = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", new)
        new = re.sub(r"up_blocks\.(\d+)\.resnets\.(\d+)", lambda m: f"up.{last - int(m[1])}.block.{m[2]}", new)
        new = re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{last - int(m[1])}.upsample", new)
        new = re.sub(r"mid_block\.resnets\.(\d+)", lambda m: f"mid.block_{int(m[1]) + 1}", new)
        new = new.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        attention = re.fullmatch(r"(.*)mid_block\.attentions\.0\.(.*)\.(weight|bias)", new)
        if attention:
            new = f"{attention[1]}mid.attn_1.{_VAE_ATTENTION[attention[2]]}.{attention[3]}"
            tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        tensors[new] = tensor
    return tensors


def _clip(encoder: Any) -> Tensors:
    tensors = {name.removeprefix("text_model."): tensor for name, tensor in encoder.state_dict().items()}
    # older versions of transformers also saved the position numbers 0 to 76
    return tensors | {"embeddings.position_ids": torch.arange(77)[None]}


def _open_clip(encoder: Any) -> Tensors:
    """Queries, keys and values share one matrix, and the projection is transposed."""
    own = _clip(encoder)
    tensors = {
        "positional_embedding": own["embeddings.position_embedding.weight"],
        "token_embedding.weight": own["embeddings.token_embedding.weight"],
        "ln_final.weight": own["final_layer_norm.weight"],
        "ln_final.bias": own["final_layer_norm.bias"],
        # SD 2's files include it too, though nothing uses it
        "text_projection": own.get("text_projection.weight", torch.eye(encoder.config.hidden_size)).T,
    }
    for number in range(encoder.config.num_hidden_layers):
        here, there = f"encoder.layers.{number}", f"transformer.resblocks.{number}"
        for end in ("weight", "bias"):
            joined = [own[f"{here}.self_attn.{name}_proj.{end}"] for name in "qkv"]
            tensors[f"{there}.attn.in_proj_{end}"] = torch.cat(joined)
            for name, new in _OPEN_CLIP_LAYER.items():
                tensors[f"{there}.{new}.{end}"] = own[f"{here}.{name}.{end}"]
    return tensors


Rule = tuple[str, Callable[[re.Match[str]], str]]


def _renamed(name: str, rules: Iterable[Rule], ends: Mapping[str, str]) -> str:
    for pattern, rename in rules:
        if match := re.fullmatch(pattern, name):
            return rename(match)
    part, end = name.rsplit(".", 1)
    return f"{ends[part]}.{end}"
