"""Pickles that execute a command when they are loaded, for every known way around a deny-list of names.

The command creates a file. The tests first show that those in LIVE do create it under `pickle.loads`: if they didn't, their
refusal would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.embeddings.foreign.builders import name, program, table, text, tuple_of

#: (shell command, the same as Python source) → pickle
Canary = Callable[[str, str], bytes]


def _short(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def _call(module: str, attribute: str, *arguments: bytes) -> bytes:
    return name(module, attribute) + tuple_of(*arguments) + b"R"


def _stack_call(module: str, attribute: str, argument: str) -> bytes:
    """STACK_GLOBAL of protocol 4, which resolves dots in the attribute."""
    return program(_short(module) + _short(attribute) + b"\x93" + tuple_of(text(argument)) + b"R", protocol=4)


def _by_state(shell: str) -> bytes:
    """The first BUILD gives an object a __setstate__ of its own, and the second calls it."""
    made = name("types", "SimpleNamespace") + b")\x81"
    return program(made + table({"__setstate__": name("os", "system")}) + b"b" + text(shell) + b"b")


def _by_getattr(shell: str) -> bytes:
    module = _call("importlib", "import_module", text("os"))
    return program(_call("builtins", "getattr", module, text("system")) + tuple_of(text(shell)) + b"R")


_TIMER = name("time", "perf_counter")


def _bytes(value: bytes) -> bytes:
    return b"B" + len(value).to_bytes(4, "little") + value


LIVE: dict[str, Canary] = {
    "reduce os.system": lambda shell, _: program(_call("os", "system", text(shell))),
    "the module behind os": lambda shell, _: program(_call("posix", "system", text(shell))),
    "subprocess.getoutput": lambda shell, _: program(_call("subprocess", "getoutput", text(shell))),
    "builtins.eval": lambda _, code: program(_call("builtins", "eval", text(f"exec({code!r})"))),
    "__builtin__.exec": lambda _, code: program(_call("__builtin__", "exec", text(code)), protocol=2),
    "getattr of a module": lambda shell, _: _by_getattr(shell),
    "stack global": lambda shell, _: _stack_call("os", "system", shell),
    "dotted attribute": lambda shell, _: _stack_call("zipfile", "os.system", shell),
    "runpy": lambda _, code: program(_call("runpy", "_run_code", text(code), b"}")),
    "numpy.testing": lambda _, code: program(_call("numpy.testing._private.utils", "runstring", text(code), b"}")),
    "timeit": lambda _, code: program(_call("timeit", "timeit", text(code), text("pass"), _TIMER, b"K\x01")),
    "cProfile": lambda _, code: program(_call("profile", "run", text(code), text("/dev/null"))),
    "pydoc": lambda shell, _: program(_call("pydoc", "pipepager", text(""), text(shell))),
    "pickle in a pickle": lambda shell, _: program(
        _call("pickle", "loads", _bytes(program(_call("os", "system", text(shell)))))
    ),
    "map and set": lambda shell, _: program(
        _call("builtins", "list", _call("builtins", "map", name("os", "system"), b"](" + text(shell) + b"e"))
    ),
    "partial": lambda shell, _: program(_call("functools", "partial", name("os", "system"), text(shell)) + b")R"),
    "methodcaller": lambda shell, _: program(
        _call("operator", "methodcaller", text("system"), text(shell))
        + tuple_of(_call("importlib", "import_module", text("os")))
        + b"R"
    ),
    "INST": lambda shell, _: b"(S" + repr(shell).encode() + b"\nios\nsystem\n.",
    "OBJ": lambda shell, _: program(b"(" + name("os", "system") + text(shell) + b"o"),
    "NEWOBJ": lambda shell, _: program(
        name("builtins", "tuple")
        + tuple_of(name("builtins", "map") + tuple_of(name("os", "system"), b"](" + text(shell) + b"e") + b"\x81")
        + b"\x81"
    ),
    "NEWOBJ_EX": lambda shell, _: program(
        name("os", "system") + tuple_of(text(shell)) + b"R0" + name("builtins", "object") + b")}\x92", protocol=4
    ),
    "BUILD": lambda shell, _: _by_state(shell),
    "result discarded": lambda shell, _: program(_call("os", "system", text(shell)) + b"0}"),
    "in an unused entry": lambda shell, _: program(
        table({"emb_params": b"N", "step": _call("os", "system", text(shell))})
    ),
    "as the key of a dict": lambda shell, _: program(b"}(" + _call("os", "system", text(shell)) + b"Nu"),
    "through the memo": lambda shell, _: program(
        name("os", "system") + b"q\x05" + b"0" + text(shell) + b"\x85" + b"q\x06" + b"0" + b"h\x05h\x06R"
    ),
    "protocol 0": lambda shell, _: b"cos\nsystem\np0\n(V" + shell.encode("unicode_escape") + b"\np1\ntp2\nRp3\n.",
}

#: Names from published scanner bypasses that only do harm where torch or another package is installed.
ELSEWHERE: dict[str, bytes] = {
    f"{module}.{attribute}": program(_call(module, attribute, text("x")))
    for module, attribute in [
        ("torch.hub", "load"),
        ("torch", "load"),
        ("torch.serialization", "load"),
        ("torch._inductor.codecache", "compile_file"),
        ("torch.utils._config_module", "load_config"),
        ("torch.utils.bottleneck.__main__", "run_cprofile"),
        ("torch.utils.collect_env", "run"),
        ("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression"),
        ("torch.distributed.rpc.internal", "_run_function"),
        ("torch.jit.unsupported_tensor_ops", "execWrapper"),
        ("torch", "nn.modules.container.ParameterDict"),
        ("torch.nn.modules", "container.ParameterDict"),
        ("torch.nn.modules.container", "ParameterDict.__init__.__globals__"),
        ("torch._utils", "_rebuild_tensor_v2.__globals__"),
        ("torch._utils", "_rebuild_wrapper_subclass"),
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("torch.storage", "_load_from_bytes"),
        ("collections", "OrderedDict.__class__"),
        ("collections", "namedtuple"),
        ("builtins", "set.__class__"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.f2py.crackfortran", "getlincoef"),
        ("_codecs", "encode"),
        ("copyreg", "_reconstructor"),
        ("copy_reg", "_reconstructor"),
        ("ctypes", "CDLL"),
        ("code", "InteractiveInterpreter"),
        ("idlelib.pyshell", "ModifiedInterpreter.runcommand"),
        ("lib2to3.pgen2.grammar", "Grammar.loads"),
        ("asyncio.unix_events", "_UnixSubprocessTransport._start"),
        ("multiprocessing.util", "spawnv_passfds"),
        ("pip._internal", "main"),
        ("ensurepip", "_run_pip"),
        ("webbrowser", "open"),
        ("shutil", "rmtree"),
        ("urllib.request", "urlretrieve"),
        ("bdb", "Bdb.run"),
        ("doctest", "debug_script"),
        ("trace", "Trace.run"),
        ("logging.config", "_resolve"),
        ("linecache", "getline"),
        ("sys", "exit"),
        ("os", ""),
        ("", "system"),
        ("", ""),
    ]
}
