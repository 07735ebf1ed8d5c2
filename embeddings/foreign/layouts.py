"""Find the token vectors in the plain tree that a torch file or a picture holds.

What the tensors mean is left to the reader of safetensors; here they only get the names that they have there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.foreign.standins import Parameters, TensorRecord
from embeddings.shapes import foreign
from embeddings.tensors import RawTensor

_MAX_HINT = 120  # characters
#: A1111 writes these beside its vectors
_TOLD = ("name", "step", "sd_checkpoint", "sd_checkpoint_name")
#: what is kept of a file's own words
HINTS = frozenset({"token", *_TOLD})
#: A1111's hypernetworks are tables whose keys are the widths of the layers they change
_HYPERNETWORK_KEYS = (320, 640, 768, 1024, 1280)

Materialise = Callable[[TensorRecord], RawTensor]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The token vectors of a foreign file under the names that safetensors files use, and what it says of itself."""

    tensors: Mapping[str, RawTensor]
    #: which kind of file it was
    container: str
    #: the layout in the words of whoever writes it, where the tensors' names do not tell it any more
    layout: str | None
    #: name, step, checkpoint it was trained on …: the file's own word, never a proof
    hints: Mapping[str, str]


def find_vectors(tree: Any, container: str, materialise: Materialise) -> Unpacked:
    """The vectors of an embedding, whichever program wrote it; `container` names the kind of file.

    Raises: RefusedFile, with a sentence that says what the file is instead.
    """
    if isinstance(tree, TensorRecord | RawTensor):
        raise RefusedFile("It holds a bare tensor; nothing says what it is for.")
    if not isinstance(tree, dict):
        raise RefusedFile("It holds no table of tensors.")
    _refuse_relatives(tree)
    if "string_to_param" in tree:
        name, tensor = _only_placeholder(tree["string_to_param"])
        hints = {"token": name, **_hints(tree)} if name != "*" else _hints(tree)
        return Unpacked({"emb_params": _values(tensor, materialise)}, container, "A1111 (string_to_param)", hints)
    tensors = {str(key): value for key, value in tree.items() if isinstance(value, TensorRecord | RawTensor)}
    if not tensors:
        raise RefusedFile("It holds no tensors.")
    unpacked = {key: _values(tensor, materialise) for key, tensor in tensors.items()}
    return Unpacked(unpacked, container, None, _hints(tree))


def _refuse_relatives(tree: Mapping[Any, Any]) -> None:
    """Raise RefusedFile for what other things people keep in files that torch writes."""
    if any(key in tree for key in _HYPERNETWORK_KEYS):
        raise RefusedFile("This is a hypernetwork, not an embedding.")
    if "optimizer_state_dict" in tree:
        raise RefusedFile("This is the optimiser's state that A1111 keeps beside an embedding, not an embedding.")
    inner = tree.get("state_dict")
    # what is for other encoders, or of too many tensors, is for the reader to say
    if sentence := foreign([str(key) for key in (inner if isinstance(inner, dict) else tree)]):
        raise RefusedFile(sentence)
    if inner is not None:
        raise RefusedFile("This is a model, not an embedding.")


def _only_placeholder(params: Any) -> tuple[str, Any]:
    entries = params.entries if isinstance(params, Parameters) else params
    if not isinstance(entries, dict) or not entries:
        raise RefusedFile("Its 'string_to_param' holds no vectors.")
    if len(entries) > 1:
        raise RefusedFile(f"It holds {len(entries)} embeddings in one file; please save each in a file of its own.")
    ((name, tensor),) = entries.items()
    return printable(str(name)), tensor


def _values(tensor: Any, materialise: Materialise) -> RawTensor:
    if isinstance(tensor, RawTensor):
        return tensor
    if isinstance(tensor, TensorRecord):
        return materialise(tensor)
    raise RefusedFile("Where its vectors should be, something else stands.")


def _hints(tree: Mapping[Any, Any]) -> dict[str, str]:
    found = {hint: tree[hint] for hint in _TOLD if type(tree.get(hint)) in (str, int)}
    # numbers of a thousand digits cannot even be printed
    return {
        hint: printable(value, _MAX_HINT) if isinstance(value, str) else str(value)
        for hint, value in found.items()
        if isinstance(value, str) or abs(value) < 2**63
    }
