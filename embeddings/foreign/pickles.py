"""Read the pickles that torch writes without loading them: a small machine for plain data and ten names.

A pickle is a program. Python's `pickle` runs it and imports whatever it names; torch's restricted one had holes
(CVE-2025-32434, CVE-2026-24747), and scanners for bad names are got round every few months. The machine here can do
nothing but build lists, tables and texts. A name that it knows stands for itself and is never looked up; any
other name, any opcode that embeddings do not use, and any use of a name that torch does not make of it is refused.

Source: opcodes as CPython's Lib/pickletools.py documents them; the calls are those of torch.save, 1.0 to 2.13.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.foreign import standins
from embeddings.foreign.standins import Storage

#: A modern torch writes some 150 opcodes for one embedding; a LoRA, which should be called one, has ten thousand.
MAX_OPCODES = 20_000
#: Python's own machine makes room for whatever number it is told.
MAX_MEMO = 10_000
MAX_TEXT = 50_000  # bytes of one text; old files hold the source code of a class of torch
_NEWEST_PROTOCOL = 5

_MARK = object()


class Pickled(NamedTuple):
    """What a pickle holds, where it ends, and the storages it refers to, by their keys."""

    value: Any
    end: int
    storages: Mapping[str, Storage]


def read_pickle(data: bytes, start: int = 0) -> Pickled:
    """The plain data of the pickle that begins at `start`, with stand-ins (`standins.py`) where torch's things were.

    Nothing is imported, called or looked up.
    Raises: RefusedFile.
    """
    machine = _Machine(data, start)
    try:
        return Pickled(machine.run(), machine.position, machine.storages)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise RefusedFile("Its pickle is damaged.") from error


class _Machine:
    """A stack, a memo and a position. Every instruction is one method; see `_OPCODES`."""

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
                raise RefusedFile(f"Its pickle uses the opcode 0x{code.hex()}, which no embedding needs.")
            operation(self)
        raise RefusedFile(f"Its pickle has more than {MAX_OPCODES:,} steps; an embedding's has a few hundred.")

    # Bytes of the program

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise RefusedFile("Its pickle is cut off.")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def line(self) -> str:
        end = self.data.find(b"\n", self.position, self.position + MAX_TEXT)
        if end < 0:
            raise RefusedFile("Its pickle is cut off.")
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
            raise RefusedFile(f"Its pickle holds a text of {length:,} bytes; an embedding's are short.")
        self.stack.append(self.take(length).decode("utf-8"))

    def plain(self, value: Any) -> Any:
        """A mark is a place on the stack, no value: nothing may carry it away."""
        if value is _MARK:
            raise RefusedFile("Its pickle is damaged.")
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
            raise RefusedFile(f"Its pickle remembers thing number {index:,}; an embedding's has a few hundred.")
        self.memo[index] = self.plain(self.stack[-1])

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise RefusedFile("Its pickle is damaged.")
        self.stack.append(self.memo[index])

    # Lists and tables

    def append(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            raise RefusedFile("Its pickle puts a value into something that is no list.")
        target.extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise RefusedFile("Its pickle puts a value into something that is no table.")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # a tuple of tuples of tuples … takes for ever to hash
            if type(key) not in (str, int):
                raise RefusedFile("Its pickle has a table with a key that is neither a text nor a number.")
            if key in target:
                raise RefusedFile(f"The name '{printable(str(key))}' stands twice in it.")
            target[key] = value


def _appended(machine: _Machine) -> None:
    machine.append([machine.pop()])


def _set_one(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _named(machine: _Machine) -> None:
    module = machine.line()
    machine.stack.append(standins.look_up(module, machine.line()))


def _named_by_stack(machine: _Machine) -> None:
    attribute, module = machine.pop(), machine.pop()
    machine.stack.append(standins.look_up(module, attribute))


def _called(machine: _Machine) -> None:
    arguments, name = machine.pop(), machine.pop()
    machine.stack.append(standins.call(name, arguments))


def _made(machine: _Machine) -> None:
    arguments, name = machine.pop(), machine.pop()
    machine.stack.append(standins.new_object(name, arguments))


def _state_set(machine: _Machine) -> None:
    state = machine.pop()
    standins.set_state(machine.stack[-1], state)


def _outside(machine: _Machine) -> None:
    meant = standins.outside(machine.pop())
    if isinstance(meant, Storage) and machine.storages.setdefault(meant.key, meant) != meant:
        raise RefusedFile("Its pickle describes the same values in two ways.")
    machine.stack.append(meant)


def _protocol(machine: _Machine) -> None:
    if machine.number("<B") > _NEWEST_PROTOCOL:
        raise RefusedFile("Its pickle is of a protocol that is not known here.")


_OPCODES: Mapping[bytes, Callable[[_Machine], Any]] = {
    b"\x80": _protocol,
    b"\x95": lambda machine: machine.take(8),  # FRAME: a hint for readers of slow files
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
    b"a": _appended,
    b"e": lambda machine: machine.append(machine.pop_to_mark()),
    b"s": _set_one,
    b"u": lambda machine: machine.set_items(machine.pop_to_mark()),
    b"q": lambda machine: machine.put(machine.number("<B")),
    b"r": lambda machine: machine.put(machine.number("<I")),
    b"\x94": lambda machine: machine.put(len(machine.memo)),
    b"h": lambda machine: machine.get(machine.number("<B")),
    b"j": lambda machine: machine.get(machine.number("<I")),
    b"c": _named,
    b"\x93": _named_by_stack,
    b"R": _called,
    b"\x81": _made,
    b"b": _state_set,
    b"Q": _outside,
}
