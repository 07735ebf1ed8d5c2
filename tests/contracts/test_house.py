"""Rules of the house that no linter knows, read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.builders import REPOSITORY

PACKAGES = ("bot", "cogs", "services", "embeddings", "playground", "demo", "benchmarks", "tests")
MAX_LINES = 300

#: library → where it may be imported; tests may look at the seams they test
IMPORTED_IN = {
    "asyncpg": (
        "services/storage",
        "tests/conftest.py",
        "tests/services/storage",
        "tests/acceptance/test_component_failures.py",
    ),
    "discord": ("bot", "cogs", "tests"),
    "torch": ("services/engine", "embeddings", "demo", "tests", "benchmarks"),
    "diffusers": ("services/engine", "embeddings", "demo", "tests", "benchmarks"),
    "jsonschema_rs": ("playground/rest/oas.py",),
}
READS_ENVIRONMENT = ("bot/settings.py",)
#: where discord.py looks for Discord: a setting, though it has no other place than the class
SETTINGS_OF_LIBRARIES = {"BASE", "DEFAULT_GATEWAY"}
NEVER_MOCKED = {"discord", "asyncpg", "diffusers", "torch", "transformers", "hikari"}
MOCKING = {"unittest.mock", "mock", "pytest_mock", "asynctest", "responses", "aioresponses", "respx"}


@cache
def sources() -> dict[str, ast.Module]:
    """Every module by its path in the repository."""
    paths = [path for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("*.py"))]
    return {path.relative_to(REPOSITORY).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def imports(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Each imported module, and the name that stands for it or for what was taken from it."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.asname or alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.asname or alias.name
                yield f"{node.module}.{alias.name}", alias.asname or alias.name


def is_within(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def test_the_source_is_there_to_be_read() -> None:
    assert len(sources()) > 100
    assert {path.partition("/")[0] for path in sources()} >= {
        "bot",
        "cogs",
        "services",
        "embeddings",
        "playground",
        "tests",
    }


def test_no_file_holds_two_ideas() -> None:
    lengths = {path: len((REPOSITORY / path).read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


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
    """Setting a variable for a library that reads nothing else is not reading."""
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


def test_tests_set_no_variable_that_outlives_them() -> None:
    """Subprocesses get an environment of their own; this process's is changed by monkeypatch alone."""
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


def test_sql_stands_in_the_storage_alone() -> None:
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


def test_nothing_of_the_playground_is_needed_to_run_the_bot() -> None:
    """It is imported where it is started from a command line, and inside of functions."""
    at_start = [
        path
        for path, module in sources().items()
        if path.startswith(("cogs/", "services/", "embeddings/")) or Path(path).name == "app.py"
        if any(name.partition(".")[0] == "playground" for name, _ in imports(module))
    ]
    assert at_start == []
