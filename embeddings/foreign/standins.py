"""Stand-ins for torch's classes and functions in a pickle that is read without being loaded.

They are inert: none has a method that a pickle could reach, and none is what it is named after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from embeddings.display import printable
from embeddings.errors import RefusedFile

_REBUILD_TENSOR = "torch._utils._rebuild_tensor_v2"
_REBUILD_PARAMETER = "torch._utils._rebuild_parameter"
_PARAMETER_DICT = "torch.nn.modules.container.ParameterDict"
_ORDERED_DICT = "collections.OrderedDict"
#: Modern ParameterDicts contain an empty set of buffers; pickle protocol 2 writes `set` under its Python 2 name.
_SETS = frozenset({"__builtin__.set", "builtins.set"})
#: storage class → safetensors' name for its dtype; I64 occurs only as the token's id, which isn't needed
_STORAGES: Mapping[str, str] = {
    "torch.FloatStorage": "F32",
    "torch.HalfStorage": "F16",
    "torch.BFloat16Storage": "BF16",
    "torch.LongStorage": "I64",
}
#: The whole allow-list. Any other name is refused.
NAMES = frozenset({_REBUILD_TENSOR, _REBUILD_PARAMETER, _PARAMETER_DICT, _ORDERED_DICT, *_SETS, *_STORAGES})


@dataclass(frozen=True, slots=True)
class Name:
    """A name from the allow-list, in place of the function or class that the pickle asked for."""

    text: str


@dataclass(frozen=True, slots=True)
class Storage:
    """An array of numbers stored outside the pickle, under `key`."""

    dtype: str
    key: str
    numel: int


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """A view of a storage, not yet checked against the bytes that exist."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class Table(dict[Any, Any]):
    """Stand-in for an OrderedDict; its attributes are dropped."""


@dataclass(slots=True)
class Parameters:
    """Stand-in for an nn.ParameterDict."""

    entries: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inert:
    """Stand-in for things whose content doesn't matter, such as a set of hooks."""


def look_up(module: Any, attribute: Any) -> Name:
    """The stand-in for `module.attribute`. Raises: RefusedFile, if it isn't on the allow-list."""
    text = f"{module}.{attribute}" if type(module) is type(attribute) is str else ""
    # Dots must be where torch puts them: splitting a name as "torch" + "nn.x" is a known way around allow-lists.
    if text not in NAMES or "." in attribute:
        raise RefusedFile(
            f"This file asks for '{printable(text)}', which no embedding needs; it may be malicious and wasn't loaded."
        )
    return Name(text)


def call(name: Any, arguments: Any) -> Any:
    """The result of calling the named function with the arguments that torch.save writes."""
    match name, arguments:
        case Name("collections.OrderedDict"), ():
            return Table()
        case Name("torch._utils._rebuild_parameter"), (TensorRecord() as tensor, *_):
            return tensor
        case (
            Name("torch._utils._rebuild_tensor_v2"),
            (Storage() as storage, int(offset), tuple(shape), tuple(stride), *_),
        ) if all(type(number) is int for number in shape + stride):
            return TensorRecord(storage, offset, shape, stride)
        case Name(text), (list(),) if text in _SETS:
            return Inert()
    raise RefusedFile("This file's pickle calls a function in a way that torch never does; it wasn't loaded.")


def new_object(name: Any, arguments: Any) -> Parameters:
    """A new object. torch.save writes only one class, and without arguments."""
    if name == Name(_PARAMETER_DICT) and arguments == ():
        return Parameters()
    raise RefusedFile("This file's pickle creates an object that no embedding needs; it wasn't loaded.")


def set_state(target: Any, state: Any) -> None:
    """Keep what is needed of an object's state, and nothing else."""
    match target, state:
        case Table(), dict():  # version notes that torch attaches to a state dict
            return
        case Parameters(), {"_parameters": dict(entries)} if not target.entries:
            target.entries = entries
            return
    raise RefusedFile("This file's pickle sets the state of an object that no embedding needs; it wasn't loaded.")


def persistent(record: Any) -> Storage | Name:
    """The thing behind a persistent id of torch.save: a storage or, before torch 1.6, a class with its source code."""
    match record:
        case ("storage", Name(text), str(key), str(), int(numel), *rest) if text in _STORAGES and rest in ([], [None]):
            return Storage(_STORAGES[text], key, numel)
        case ("module", Name(text) as name, _, _) if text == _PARAMETER_DICT:
            return name
    raise RefusedFile("This file's pickle refers to something that isn't a tensor's storage; it wasn't loaded.")
