"""What stands for torch's classes and functions in a pickle that is read without being loaded.

Every one is inert: it has no methods that a pickle could reach, and none is the thing it is named after.
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
#: modern ParameterDicts carry an empty set of buffers; pickles of protocol 2 give it the name it had in Python 2
_SETS = frozenset({"__builtin__.set", "builtins.set"})
#: storage class → dtype in safetensors' words; I64 only holds the token's number, which nobody needs
_STORAGES: Mapping[str, str] = {
    "torch.FloatStorage": "F32",
    "torch.HalfStorage": "F16",
    "torch.BFloat16Storage": "BF16",
    "torch.LongStorage": "I64",
}
#: The whole list. A name that is not here is refused, whatever it is.
NAMES = frozenset({_REBUILD_TENSOR, _REBUILD_PARAMETER, _PARAMETER_DICT, _ORDERED_DICT, *_SETS, *_STORAGES})


@dataclass(frozen=True, slots=True)
class Name:
    """A name out of the list above, standing where the pickle wanted a function or a class."""

    text: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of numbers that is kept outside the pickle, under `key`."""

    dtype: str
    key: str
    numel: int


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """A view of a storage; all of it is still to be checked against the bytes that are really there."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class Table(dict[Any, Any]):
    """What stands for an OrderedDict: its order is any dict's, its attributes are dropped."""


@dataclass(slots=True)
class Parameters:
    """What stands for an nn.ParameterDict."""

    entries: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inert:
    """What stands for a set of hooks or the like: something was there, and it says nothing."""


def look_up(module: Any, attribute: Any) -> Name:
    """The stand-in for `module.attribute`. Raises: RefusedFile, if it is not on the list."""
    text = f"{module}.{attribute}" if type(module) is type(attribute) is str else ""
    # the dots must stand where torch puts them: "torch" and "nn.x" is a way round other lists
    if text not in NAMES or "." in attribute:
        raise RefusedFile(f"It asks for '{printable(text)}', which no embedding needs; it was not loaded.")
    return Name(text)


def call(name: Any, arguments: Any) -> Any:
    """What the named function makes of the arguments that torch.save gives it."""
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
    raise RefusedFile("Its pickle calls something in a way that torch never does.")


def new_object(name: Any, arguments: Any) -> Parameters:
    """An object as torch.save writes it: there is one class, and it is made of nothing."""
    if name == Name(_PARAMETER_DICT) and arguments == ():
        return Parameters()
    raise RefusedFile("Its pickle makes an object that no embedding needs.")


def set_state(target: Any, state: Any) -> None:
    """Take what is needed out of an object's state, and nothing else."""
    match target, state:
        case Table(), dict():  # notes that torch hangs on a state dict
            return
        case Parameters(), {"_parameters": dict(entries)} if not target.entries:
            target.entries = entries
            return
    raise RefusedFile("Its pickle sets the state of an object that no embedding needs.")


def outside(record: Any) -> Storage | Name:
    """What a persistent id of torch.save means: a storage or, before 1.6, a class together with its source code."""
    match record:
        case ("storage", Name(text), str(key), str(), int(numel), *rest) if text in _STORAGES and rest in ([], [None]):
            return Storage(_STORAGES[text], key, numel)
        case ("module", Name(text) as name, _, _) if text == _PARAMETER_DICT:
            return name
    raise RefusedFile("Its pickle refers to something outside that is no storage of a tensor.")
