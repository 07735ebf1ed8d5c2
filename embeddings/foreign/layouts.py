"""Find the token vectors in the plain data that a torch file or a picture contains.

What the tensors mean is left to the safetensors reader; here they only get the names that it expects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.foreign.standins import Parameters, TensorRecord
from embeddings.shapes import NOT_AN_EMBEDDING, other_kind
from embeddings.tensors import RawTensor

_MAX_HINT = 120  # characters
#: what A1111 writes beside its vectors
_A1111_FACTS = ("name", "step", "sd_checkpoint", "sd_checkpoint_name")
#: what is kept of a file's statements about itself
HINTS = frozenset({"token", *_A1111_FACTS})
#: An A1111 hypernetwork is a dict whose keys are the widths of the layers it changes.
_HYPERNETWORK_KEYS = (320, 640, 768, 1024, 1280)

Materialise = Callable[[TensorRecord], RawTensor]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The token vectors of another program's file, under the names used in safetensors files, and its metadata."""

    tensors: Mapping[str, RawTensor]
    #: kind of file
    container: str
    #: the layout, named after the programs that write it, if the tensors' names no longer show it
    layout: str | None
    #: name, step, checkpoint it was trained on …: the file's own statements, unverified
    hints: Mapping[str, str]


#: all but the width of a text encoder's output for one prompt
_OUTPUT_SHAPES = ((77,), (1, 77))


def find_vectors(tree: Any, container: str, materialise: Materialise) -> Unpacked:
    """The vectors of an embedding, whichever program wrote it; `container` is the kind of file.

    Raises: RefusedFile, with a sentence that says what the file is instead.
    """
    if isinstance(tree, TensorRecord | RawTensor):
        if tree.shape[:-1] in _OUTPUT_SHAPES:  # ReNeg saves its tensor without a name
            return Unpacked({"negative_prompt_embeds": _values(tree, materialise)}, container, None, {})
        raise RefusedFile(
            "This file contains a single tensor without a name, so it can't be recognised as an embedding."
        )
    if not isinstance(tree, dict):
        raise RefusedFile("This file contains no named tensors, so there's no embedding in it.")
    _refuse_other_kinds(tree)
    if "string_to_param" in tree:
        name, tensor = _only_placeholder(tree["string_to_param"])
        hints = {"token": name, **_hints(tree)} if name != "*" else _hints(tree)
        return Unpacked({"emb_params": _values(tensor, materialise)}, container, "A1111 (string_to_param)", hints)
    tensors = {str(key): value for key, value in tree.items() if isinstance(value, TensorRecord | RawTensor)}
    if not tensors:
        raise RefusedFile("This file contains no tensors, so there's no embedding in it.")
    unpacked = {key: _values(tensor, materialise) for key, tensor in tensors.items()}
    return Unpacked(unpacked, container, None, _hints(tree))


def _refuse_other_kinds(tree: Mapping[Any, Any]) -> None:
    """Raise RefusedFile for other things that torch files are used for."""
    if any(key in tree for key in _HYPERNETWORK_KEYS):
        raise RefusedFile(f"This is a hypernetwork, {NOT_AN_EMBEDDING}.")
    if "optimizer_state_dict" in tree:
        raise RefusedFile(
            "This is the optimiser state that A1111 saves beside an embedding; please choose the .pt file."
        )
    inner = tree.get("state_dict")
    # Keys of other encoders and too many tensors are left to the safetensors reader.
    if sentence := other_kind([str(key) for key in (inner if isinstance(inner, dict) else tree)]):
        raise RefusedFile(sentence)
    if inner is not None:
        raise RefusedFile(f"This is a model, {NOT_AN_EMBEDDING}.")


def _only_placeholder(params: Any) -> tuple[str, Any]:
    entries = params.entries if isinstance(params, Parameters) else params
    if not isinstance(entries, dict) or not entries:
        raise RefusedFile("This file's 'string_to_param' contains no vectors, so there's no embedding in it.")
    if len(entries) > 1:
        raise RefusedFile(f"This file contains {len(entries)} embeddings; please save each one in a file of its own.")
    ((name, tensor),) = entries.items()
    return printable(str(name)), tensor


def _values(tensor: Any, materialise: Materialise) -> RawTensor:
    if isinstance(tensor, RawTensor):
        return tensor
    if isinstance(tensor, TensorRecord):
        return materialise(tensor)
    raise RefusedFile("This file has something other than a tensor where its vectors should be.")


def _hints(tree: Mapping[Any, Any]) -> dict[str, str]:
    found = {hint: tree[hint] for hint in _A1111_FACTS if type(tree.get(hint)) in (str, int)}
    # Python refuses to print numbers of more than 4,300 digits.
    return {
        hint: printable(value, _MAX_HINT) if isinstance(value, str) else str(value)
        for hint, value in found.items()
        if isinstance(value, str) or abs(value) < 2**63
    }
