"""Read the pickles that torch writes without loading them: a small pickle machine for plain data and ten names.

A pickle is a program. Python's `pickle` runs it and imports whatever it names; torch's restricted unpickler has had holes
(CVE-2025-32434, CVE-2026-24747), and scanners that look for bad names are bypassed every few months. The machine here
can only build lists, dicts and strings. The names on its allow-list become inert stand-ins and are never imported. Any
other name, any opcode that embeddings don't use, and any use of a name that torch doesn't make are refused.

Source: opcodes as documented in CPython's Lib/pickletools.py; calls as written by torch.save, 1.0 to 2.13.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.foreign import standins
from embeddings.foreign.standins import Storage

#: A modern torch writes about 150 opcodes for an embedding. A LoRA has ten thousand and should be recognised as one.
MAX_OPCODES = 20_000
#: Python's own unpickler allocates as many slots as the pickle asks for.
MAX_MEMO = 10_000
MAX_TEXT = 50_000  # bytes of one string; old files contain the source code of a torch class
_NEWEST_PROTOCOL = 5

_MARK = object()
_DAMAGED = "This file's pickle is damaged; please download it again."


class Pickled(NamedTuple):
    """A pickle's value, where it ends, and the storages it refers to, by key."""

    value: Any
    end: int
    storages: Mapping[str, Storage]


def read_pickle(data: bytes, start: int = 0) -> Pickled:
    """The plain data of the pickle at `start`, with stand-ins (`standins.py`) for torch's classes.

    Nothing is imported or called.
    Raises: RefusedFile.
    """
    machine = _Machine(data, start)
    try:
        return Pickled(machine.run(), machine.position, machine.storages)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise RefusedFile(_DAMAGED) from error


class _Machine:
    """A stack, a memo and a position. `_OPCODES` maps each opcode to what it does."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data = data
        self.position = start
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, Storage] = {}

    def run(self) -> Any:
        for _ in range(MAX_OPCODES):
            code = self.take(1)
            if code == b".":
                return self.plain(self.stack.pop())
            operation = _OPCODES.get(code)
            if operation is None:
                raise RefusedFile(
                    f"This file's pickle uses opcode 0x{code.hex()}, which no embedding needs; it wasn't loaded."
                )
            operation(self)
        raise RefusedFile(f"This file's pickle has more than {MAX_OPCODES:,} steps; an embedding's has a few hundred.")

    # Reading the pickle

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise RefusedFile("This file's pickle is cut off; please download it again.")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def line(self) -> str:
        end = self.data.find(b"\n", self.position, self.position + MAX_TEXT)
        if end < 0:
            raise RefusedFile("This file's pickle is cut off; please download it again.")
        text = self.data[self.position : end].decode("utf-8")
        self.position = end + 1
        return text

    # The stack

    def push_number(self, layout: str) -> None:
        self.stack.append(self.number(layout))

    def push_long(self) -> None:
        self.stack.append(int.from_bytes(self.take(self.number("<B")), "little", signed=True))

    def push_text(self, layout: str) -> None:
        length = self.number(layout)
        if length > MAX_TEXT:
            raise RefusedFile(f"This file's pickle contains a string of {length:,} bytes; an embedding's are short.")
        self.stack.append(self.take(length).decode("utf-8"))

    def plain(self, value: Any) -> Any:
        """The value, unless it is a mark: that is a place on the stack, not a value to be used."""
        if value is _MARK:
            raise RefusedFile(_DAMAGED)
        return value

    def pop(self) -> Any:
        return self.plain(self.stack.pop())

    def pop_to_mark(self) -> list[Any]:
        items: list[Any] = []
        while (item := self.stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def push_tuple(self, count: int | None) -> None:
        items = self.pop_to_mark() if count is None else [self.pop() for _ in range(count)][::-1]
        self.stack.append(tuple(items))

    def put(self, index: int) -> None:
        if index >= MAX_MEMO:
            raise RefusedFile(f"This file's pickle uses memo slot {index:,}; an embedding's has a few hundred.")
        self.memo[index] = self.plain(self.stack[-1])

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise RefusedFile(_DAMAGED)
        self.stack.append(self.memo[index])

    # Lists and dicts

    def append(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            raise RefusedFile("This file's pickle appends to something that isn't a list; it wasn't loaded.")
        target.extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise RefusedFile("This file's pickle sets an item of something that isn't a dict; it wasn't loaded.")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # hashing a tuple of tuples of tuples … takes forever
            if type(key) not in (str, int):
                raise RefusedFile(
                    "This file's pickle uses a dict key that is neither text nor a number; it wasn't loaded."
                )
            if key in target:
                raise RefusedFile(
                    f"This file uses the name '{printable(str(key))}' twice; it may be malicious and wasn't loaded."
                )
            target[key] = value


def _append(machine: _Machine) -> None:
    machine.append([machine.pop()])


def _set_item(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _global(machine: _Machine) -> None:
    module = machine.line()
    machine.stack.append(standins.look_up(module, machine.line()))


def _stack_global(machine: _Machine) -> None:
    attribute, module = machine.pop(), machine.pop()
    machine.stack.append(standins.look_up(module, attribute))


def _reduce(machine: _Machine) -> None:
    arguments, name = machine.pop(), machine.pop()
    machine.stack.append(standins.call(name, arguments))


def _new_object(machine: _Machine) -> None:
    arguments, name = machine.pop(), machine.pop()
    machine.stack.append(standins.new_object(name, arguments))


def _build(machine: _Machine) -> None:
    state = machine.pop()
    standins.set_state(machine.stack[-1], state)


def _persistent_id(machine: _Machine) -> None:
    found = standins.persistent(machine.pop())
    if isinstance(found, Storage) and machine.storages.setdefault(found.key, found) != found:
        raise RefusedFile(
            "This file's pickle describes the same data in two ways; it may be malicious and wasn't loaded."
        )
    machine.stack.append(found)


def _protocol(machine: _Machine) -> None:
    if machine.number("<B") > _NEWEST_PROTOCOL:
        raise RefusedFile("This file uses an unknown pickle protocol; please save it as safetensors.")


_OPCODES: Mapping[bytes, Callable[[_Machine], Any]] = {
    b"\x80": _protocol,
    b"\x95": lambda machine: machine.take(8),  # FRAME: only matters when reading from a stream
    b"(": lambda machine: machine.stack.append(_MARK),
    b"N": lambda machine: machine.stack.append(None),
    b"\x88": lambda machine: machine.stack.append(True),
    b"\x89": lambda machine: machine.stack.append(False),
    b"K": lambda machine: machine.push_number("<B"),
    b"M": lambda machine: machine.push_number("<H"),
    b"J": lambda machine: machine.push_number("<i"),
    b"G": lambda machine: machine.push_number(">d"),
    b"\x8a": lambda machine: machine.push_long(),
    b"X": lambda machine: machine.push_text("<I"),
    b"\x8c": lambda machine: machine.push_text("<B"),
    b")": lambda machine: machine.stack.append(()),
    b"\x85": lambda machine: machine.push_tuple(1),
    b"\x86": lambda machine: machine.push_tuple(2),
    b"\x87": lambda machine: machine.push_tuple(3),
    b"t": lambda machine: machine.push_tuple(None),
    b"]": lambda machine: machine.stack.append([]),
    b"}": lambda machine: machine.stack.append({}),
    b"\x8f": lambda machine: machine.stack.append(standins.Inert()),  # an empty set
    b"a": _append,
    b"e": lambda machine: machine.append(machine.pop_to_mark()),
    b"s": _set_item,
    b"u": lambda machine: machine.set_items(machine.pop_to_mark()),
    b"q": lambda machine: machine.put(machine.number("<B")),
    b"r": lambda machine: machine.put(machine.number("<I")),
    b"\x94": lambda machine: machine.put(len(machine.memo)),
    b"h": lambda machine: machine.get(machine.number("<B")),
    b"j": lambda machine: machine.get(machine.number("<I")),
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _reduce,
    b"\x81": _new_object,
    b"b": _build,
    b"Q": _persistent_id,
}
