"""Rules about the source that no linter checks."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.builders import REPOSITORY

PRODUCT = ("bot", "cogs", "services", "embeddings", "playground", "demo")
PACKAGES = (*PRODUCT, "benchmarks", "tests")
MAX_LINES = 300
#: in product code
MAX_FORMAT_SKIPS = 10
MAX_CONSTRUCTOR_PARAMETERS = 7
MAX_USUAL_PARAMETERS = 4  # in nine of ten functions
#: names that say nothing about what a class does
VAGUE_NAME = re.compile(r"(Manager|Helper|Util)s?(?![a-z])")

#: library → where it may be imported; tests may import what they test the border of
IMPORTED_IN = {
    "asyncpg": (
        "services/storage",
        "tests/conftest.py",
        "tests/services/storage",
        "tests/acceptance/test_database_failures.py",
    ),
    "discord": ("bot", "cogs", "tests"),
    "torch": ("services/engine", "embeddings", "demo", "tests", "benchmarks"),
    "diffusers": ("services/engine", "embeddings", "demo", "tests", "benchmarks"),
    "jsonschema_rs": ("playground/rest/oas.py",),
}
READS_ENVIRONMENT = ("bot/settings.py",)
#: where discord.py looks for Discord, which can only be set on its classes
SETTINGS_OF_LIBRARIES = {"BASE", "DEFAULT_GATEWAY"}
NEVER_MOCKED = {"discord", "asyncpg", "diffusers", "torch", "transformers", "hikari"}
MOCKING = {"unittest.mock", "mock", "pytest_mock", "asynctest", "responses", "aioresponses", "respx"}


@cache
def sources() -> dict[str, ast.Module]:
    """Every module by its path in the repository."""
    paths = [path for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("*.py"))]
    return {path.relative_to(REPOSITORY).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def imports(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Each imported module or object, with the name it is used by."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.asname or alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.asname or alias.name
                yield f"{node.module}.{alias.name}", alias.asname or alias.name


def is_within(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of the product, with where it is."""
    for path, module in sources().items():
        if is_within(path, PRODUCT):
            for node in ast.walk(module):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{path}:{node.lineno}", node


def num_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without `self` and `cls`."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    named += [collected for collected in (arguments.vararg, arguments.kwarg) if collected is not None]
    return sum(argument.arg not in ("self", "cls") for argument in named)


def test_every_package_is_read() -> None:
    assert len(sources()) > 100
    assert {path.partition("/")[0] for path in sources()} == set(PACKAGES)


def test_files_are_short() -> None:
    lengths = {path: len((REPOSITORY / path).read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_hardly_any_code_is_exempt_from_the_formatter() -> None:
    skips = [
        f"{path}:{number}"
        for path in sources()
        if is_within(path, PRODUCT)
        for number, line in enumerate((REPOSITORY / path).read_text(encoding="utf-8").splitlines(), start=1)
        if "# fmt: skip" in line or "# fmt: off" in line
    ]
    assert len(skips) <= MAX_FORMAT_SKIPS, skips


def test_constructors_have_few_parameters() -> None:
    counts = {place: num_parameters(function) for place, function in functions() if function.name == "__init__"}
    assert {place: count for place, count in counts.items() if count > MAX_CONSTRUCTOR_PARAMETERS} == {}


def test_most_functions_have_few_parameters() -> None:
    counts = [num_parameters(function) for _, function in functions()]
    assert statistics.quantiles(counts, n=10)[-1] <= MAX_USUAL_PARAMETERS


def test_class_names_say_what_they_are() -> None:
    vague = [
        f"{path}: {node.name}"
        for path, module in sources().items()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and VAGUE_NAME.search(node.name)
    ]
    assert vague == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path, module in sources().items() if not ast.get_docstring(module) and module.body]
    assert silent == []


@pytest.mark.parametrize("library", IMPORTED_IN)
def test_each_library_stays_where_it_belongs(library: str) -> None:
    elsewhere = [
        path
        for path, module in sources().items()
        if not is_within(path, IMPORTED_IN[library])
        and any(name.partition(".")[0] == library for name, _ in imports(module))
    ]
    assert elsewhere == []


def test_the_environment_is_read_in_one_place() -> None:
    """Setting a variable for a library that reads only the environment isn't reading it."""
    readers: list[str] = []
    for path, module in sources().items():
        if is_within(path, READS_ENVIRONMENT):
            continue
        written = {
            node.value
            for node in ast.walk(module)
            if (isinstance(node, ast.Attribute) and node.attr == "setdefault")
            or (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store))
        }
        readers += [
            f"{path}:{node.lineno}"
            for node in ast.walk(module)
            if isinstance(node, ast.Attribute)
            and node.attr in ("environ", "getenv", "environb")
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
            and node not in written
            and not path.startswith("tests/")
        ]
        readers += [f"{path}: {name}" for name, _ in imports(module) if name in ("os.environ", "os.getenv")]
    assert readers == []


def test_no_test_leaves_an_environment_variable_behind() -> None:
    """Subprocesses get an environment of their own; only monkeypatch changes this process's."""
    changed = [
        f"{path}:{node.lineno}"
        for path, module in sources().items()
        if path.startswith("tests/")
        for node in ast.walk(module)
        if isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and ast.unparse(node.value) == "os.environ"
    ]
    assert changed == []


def test_nothing_is_mocked() -> None:
    mocking = [
        f"{path}: {name}"
        for path, module in sources().items()
        for name, _ in imports(module)
        if name in MOCKING or name.startswith("unittest.mock.")
    ]
    assert mocking == []


def test_libraries_are_never_patched() -> None:
    patched: list[str] = []
    for path, module in sources().items():
        foreign = {name for source, name in imports(module) if source.partition(".")[0] in NEVER_MOCKED}
        for call in (node for node in ast.walk(module) if isinstance(node, ast.Call) and len(node.args) >= 2):
            root, attribute = call.args[0], call.args[1]
            while isinstance(root, ast.Attribute):
                root = root.value
            is_patch = ast.unparse(call.func).rpartition(".")[2] in ("setattr", "patch", "object")
            is_setting = isinstance(attribute, ast.Constant) and attribute.value in SETTINGS_OF_LIBRARIES
            if is_patch and isinstance(root, ast.Name) and root.id in foreign and not is_setting:
                patched.append(f"{path}:{call.lineno}")
    assert patched == []


def test_sql_is_only_in_the_storage() -> None:
    words = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ")
    found = [
        f"{path}:{node.lineno}"
        for path, module in sources().items()
        if not is_within(path, ("services/storage", "tests", "benchmarks"))
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(words)
    ]
    assert found == []


def test_the_rules_would_find_what_they_forbid() -> None:
    """The readers above, on a module that breaks every rule."""
    bad = ast.parse(
        "import os, asyncpg\nfrom unittest.mock import AsyncMock\nfrom discord.http import Route\nos.environ['A']\n"
    )
    names = {name for name, _ in imports(bad)}
    assert {"os", "asyncpg", "unittest.mock", "unittest.mock.AsyncMock", "discord.http.Route"} <= names
    assert ("discord.http.Route", "Route") in set(imports(bad))
    assert is_within("bot/x.py", ("bot",))
    assert not is_within("bots/x.py", ("bot",))
    (function,) = ast.parse("def f(self, a, /, b, *c, d, **e): ...").body
    assert isinstance(function, ast.FunctionDef)
    assert num_parameters(function) == 5
    assert all(map(VAGUE_NAME.search, ("PresetManager", "HelperBase", "StringUtils")))
    assert not any(map(VAGUE_NAME.search, ("Managed", "Utility", "Helpful")))


def test_the_bot_runs_without_the_playground() -> None:
    """Only the command line that starts it imports it, or functions do."""
    at_start = [
        path
        for path, module in sources().items()
        if path.startswith(("cogs/", "services/", "embeddings/")) or Path(path).name == "app.py"
        if any(name.partition(".")[0] == "playground" for name, _ in imports(module))
    ]
    assert at_start == []
