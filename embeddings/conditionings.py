"""Read a conditioning: a negative that is a text encoder's whole output instead of token vectors for its input.

Source: ReNeg (arXiv 2412.19637), which trains the output for the empty prompt. Accepted is one tensor of 77 positions, with or
without a batch of 1 around them, under any name; for SDXL a second tensor with the pooled output, under diffusers' names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from embeddings.architecture import Architecture, architecture_of_widths
from embeddings.display import printable
from embeddings.embedding import CONDITIONING_LAYOUT, NUM_POSITIONS, POOLED, STATES, Embedding
from embeddings.errors import RefusedFile, UnknownArchitecture

Tensors = Mapping[str, NDArray[np.float32]]

#: what this program writes, and diffusers calls its arguments
STATES_KEY, POOLED_KEY = "negative_prompt_embeds", "negative_pooled_prompt_embeds"
_KEYS = {STATES_KEY: POOLED_KEY, "prompt_embeds": "pooled_prompt_embeds"}
_SDXL = sum(Architecture.SDXL.facts.encoders.values())
_SDXL_POOLED = list(Architecture.SDXL.facts.encoders.values())[-1]
#: an encoder's outputs are some 30 long
_MAX_LENGTH = 1e3


def read_conditioning(tensors: Tensors, dtype: str, metadata: Mapping[str, str]) -> Embedding | None:
    """None if the tensors are no conditioning by their shapes and names.

    Raises: RefusedFile, if they are one that can't be used.
    """
    key = next(iter(tensors)) if len(tensors) == 1 else next((key for key in _KEYS if key in tensors), "")
    states, pooled = tensors.get(key), tensors.get(_KEYS.get(key, ""))
    if states is None or not _is_output(states) or len(tensors) > (1 if pooled is None else 2):
        return None
    states = _checked(key, states)
    parts = {STATES: states} | ({} if pooled is None else {POOLED: _checked_pooled(pooled)})
    architecture = _architecture_of(states.shape[1], has_pooled=pooled is not None)
    return Embedding(architecture, parts, _layout(key), dtype, metadata)


def is_output_shape(shape: tuple[int, ...]) -> bool:
    """Whether a tensor is an encoder's output for one prompt by its shape."""
    return shape[:-1] in ((NUM_POSITIONS,), (1, NUM_POSITIONS))


def _is_output(states: NDArray[np.float32]) -> bool:
    return is_output_shape(states.shape) or (
        states.ndim == 3 and (states.shape[0] == 1 or states.shape[1] == NUM_POSITIONS)
    )


def _checked(key: str, states: NDArray[np.float32]) -> NDArray[np.float32]:
    if states.ndim == 3 and states.shape[0] != 1:
        raise RefusedFile(f"'{printable(key)}' has {states.shape[0]} encoded prompts; a conditioning has one.")
    rows = states[0] if states.ndim == 3 else states
    if rows.shape[0] != NUM_POSITIONS:
        raise RefusedFile(f"'{printable(key)}' has {rows.shape[0]} positions; a conditioning has {NUM_POSITIONS}.")
    if not np.isfinite(rows).all():
        raise RefusedFile("This conditioning contains NaN or infinite values; please look for an intact copy.")
    longest = np.linalg.norm(rows.astype(np.float64), axis=1).max()
    if not longest:
        raise RefusedFile("All of this conditioning is zero, so it would have no effect.")
    if longest > _MAX_LENGTH:
        raise RefusedFile(
            f"This conditioning has a vector of length {longest:.3g}, but a text encoder's outputs are about 30 long; "
            "please look for an intact copy."
        )
    return np.ascontiguousarray(rows)


def _checked_pooled(pooled: NDArray[np.float32]) -> NDArray[np.float32]:
    if pooled.shape not in ((_SDXL_POOLED,), (1, _SDXL_POOLED)):
        shape = " × ".join(map(str, pooled.shape))
        raise RefusedFile(f"Its pooled output is {shape}; SDXL's is {_SDXL_POOLED} wide.")
    if not np.isfinite(pooled).all():
        raise RefusedFile("This conditioning contains NaN or infinite values; please look for an intact copy.")
    return np.ascontiguousarray(pooled.reshape(1, -1))


def _architecture_of(width: int, *, has_pooled: bool) -> Architecture:
    if width == _SDXL and has_pooled:
        return Architecture.SDXL
    if width == _SDXL:
        raise RefusedFile(
            f"This conditioning is for SDXL, which needs the pooled output too ('{POOLED_KEY}', {_SDXL_POOLED} wide); "
            "please choose a file that has both."
        )
    if has_pooled:
        raise RefusedFile(f"Its vectors are {width} wide; with a pooled output they must be SDXL's, {_SDXL} wide.")
    architecture = architecture_of_widths(width)
    if architecture is None:
        raise UnknownArchitecture(
            f"This conditioning is {width} wide: no supported model has a text encoder of that width."
        )
    return architecture


def _layout(key: str) -> str:
    return CONDITIONING_LAYOUT if key == STATES_KEY else f"conditioning ('{printable(key)}')"
