"""Embeddings are installed for one server or for all of them, and removed by those they belong to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from embeddings.catalog import Catalog
from embeddings.library import Library
from embeddings.writer import file_bytes
from services.errors import NotAllowed
from services.library.downloads import Downloads
from services.library.installer import Actor, Installer, Quota
from services.requests import GenerationRequest, Preset
from services.stock import Stocks
from services.storage import Storage
from services.suggestions.autocomplete import Suggestions
from tests.builders import a_checkpoint, a_shelf, a_stock, an_embedding, choices, embedding_file
from tests.refusals import refused

HERE, ELSEWHERE = 10, 11
ANA = Actor(HERE, 1)
OPERATOR = Actor(None, 2, is_operator=True)


class Bench:
    """An installer over real folders and a real database; `tint` ships with the bot."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self.shipped, self.operators, self.servers = folder / "shipped", folder / "operator", folder / "servers"
        for place in (self.shipped, self.operators, self.servers):
            place.mkdir()
        embedding_file(self.shipped, "tint", seed=1)
        library = Library(Catalog(()))
        library.scan([self.shipped, self.operators])
        self.stocks = Stocks(a_stock(library, a_shelf(folder / "models", a_checkpoint())), self.servers)
        self.suggestions = Suggestions(self.stocks)
        self.storage = storage
        self.installer = Installer(
            stocks=self.stocks,
            folders=(self.shipped, self.operators),
            downloads=Downloads((), max_bytes=1),
            audit=storage.audit,
            presets=storage.presets,
            suggestions=self.suggestions,
            quota=Quota(files=2, size=20_000),
        )

    def names(self, guild_id: int | None) -> list[str]:
        """What can be used in a server."""
        return sorted(embedding.id for embedding in self.stocks.of(guild_id).library)

    def suggested(self, guild_id: int | None, typed: str) -> list[str]:
        found = self.suggestions.embeddings(typed, guild_id=guild_id, model=None)
        return [suggestion.value for suggestion in found]


@pytest.fixture
def bench(storage: Storage, tmp_path: Path) -> Bench:
    return Bench(storage, tmp_path)


def a_file(seed: int = 5, *, vectors: int = 2) -> bytes:
    return file_bytes(an_embedding(vectors=vectors, seed=seed), title="any", provenance={})


async def test_a_server_installs_for_itself_alone(bench: Bench) -> None:
    installed = await bench.installer.install(a_file(), "blur.safetensors", ANA)
    assert installed.path == bench.servers / str(HERE) / "blur.safetensors"
    assert installed.path.read_bytes() == a_file()
    assert bench.names(HERE) == ["blur", "tint"]
    assert bench.names(ELSEWHERE) == bench.names(None) == ["tint"]
    assert "blur" in bench.suggested(HERE, "blu")
    assert "blur" not in bench.suggested(ELSEWHERE, "blu")


async def test_an_operator_installs_for_every_server(bench: Bench) -> None:
    installed = await bench.installer.install(a_file(), "blur.safetensors", OPERATOR)
    assert installed.path.parent == bench.operators
    assert bench.names(HERE) == bench.names(ELSEWHERE) == bench.names(None) == ["blur", "tint"]


async def test_a_change_is_audited(bench: Bench) -> None:
    await bench.installer.install(a_file(), "blur.safetensors", ANA)
    await bench.installer.remove("BLUR", ANA)
    removed, installed = await bench.storage.audit.latest()
    assert (installed.action, installed.subject, installed.guild_id, installed.member_id) == (
        "install",
        "blur",
        HERE,
        1,
    )
    assert installed.detail["file"] == "blur.safetensors"
    assert (removed.action, removed.subject) == ("remove", "blur")


@pytest.mark.parametrize(
    ("seed", "name", "sentence"),
    [
        (1, "other.safetensors", "It's already installed, as 'tint'."),
        (5, "other.safetensors", "It's already installed, as 'blur'."),
        (6, "blur.safetensors", "Another embedding is called 'blur'; rename your file."),
    ],
)
async def test_a_second_copy_or_a_taken_name_is_refused(bench: Bench, seed: int, name: str, sentence: str) -> None:
    await bench.installer.install(a_file(), "blur.safetensors", ANA)
    with refused(sentence):
        await bench.installer.install(a_file(seed), name, ANA)
    assert bench.names(HERE) == ["blur", "tint"]
    assert [path.name for path in (bench.servers / str(HERE)).iterdir()] == ["blur.safetensors"]


async def test_a_file_that_is_not_an_embedding_is_refused_and_leaves_nothing_behind(bench: Bench) -> None:
    with refused("."):
        await bench.installer.install(b"hello", "blur.safetensors", ANA)
    assert list(bench.servers.rglob("*.*")) == []
    assert await bench.storage.audit.latest() == []


async def test_a_server_can_have_only_so_many_embeddings(bench: Bench) -> None:
    for seed in (5, 6):
        await bench.installer.install(a_file(seed), f"e{seed}.safetensors", ANA)
    with refused("This server has 2 embeddings of its own, which is the limit; /embedding remove makes room."):
        await bench.installer.install(a_file(7), "e7.safetensors", ANA)
    await bench.installer.install(a_file(7), "e7.safetensors", Actor(ELSEWHERE, 1))
    await bench.installer.remove("e5", ANA)
    await bench.installer.install(a_file(7), "e7.safetensors", ANA)


async def test_a_servers_embeddings_can_only_be_so_large(bench: Bench) -> None:
    with refused("/embedding remove makes room"):
        await bench.installer.install(a_file(vectors=75), "large.safetensors", ANA)
    assert bench.names(HERE) == ["tint"]


async def test_removing_an_embedding_names_the_presets_that_use_it(bench: Bench) -> None:
    await bench.installer.install(a_file(), "blur.safetensors", ANA)
    for guild, name, chosen in ((HERE, "a", "Blur:0.5"), (HERE, "b", "tint"), (ELSEWHERE, "c", "blur")):
        request = GenerationRequest(embeddings=choices(chosen))
        await bench.storage.presets.save(Preset(guild, name, request, 1))
    removed, presets = await bench.installer.remove("blur", ANA)
    assert (removed.id, presets) == ("blur", ["a"])
    assert not removed.path.exists()
    assert bench.names(HERE) == ["tint"]
    assert "blur" not in bench.suggested(HERE, "blu")


async def test_only_ones_own_embeddings_can_be_removed(bench: Bench) -> None:
    await bench.installer.install(a_file(5), "shared.safetensors", OPERATOR)
    await bench.installer.install(a_file(6), "theirs.safetensors", Actor(ELSEWHERE, 1))
    with refused("tint ships with the bot and can't be removed.", NotAllowed):
        await bench.installer.remove("tint", ANA)
    with refused("shared is installed for every server; only the bot's operators can remove it.", NotAllowed):
        await bench.installer.remove("shared", ANA)
    with refused("There's no embedding 'theirs' here."):
        await bench.installer.remove("theirs", ANA)
    with pytest.raises(NotAllowed):
        await bench.installer.remove("shared", Actor(None, 1))
    assert bench.installer.removable(ANA) == []
    assert bench.installer.removable(OPERATOR) == ["shared"]
    await bench.installer.remove("shared", OPERATOR)
    assert bench.names(None) == ["tint"]


async def test_an_operator_can_publish_a_servers_embedding(bench: Bench) -> None:
    await bench.installer.install(a_file(), "blur.safetensors", ANA)
    for actor in (ANA, OPERATOR):
        with pytest.raises(NotAllowed):
            await bench.installer.publish("blur", actor)
    published = await bench.installer.publish("blur", Actor(HERE, 2, is_operator=True))
    assert published.path == bench.operators / "blur.safetensors"
    assert bench.names(ELSEWHERE) == ["blur", "tint"]
    assert not list(bench.servers.rglob("*.safetensors"))


async def test_files_that_appear_or_disappear_in_the_folders_are_noticed(bench: Bench) -> None:
    embedding_file(bench.operators, "shared", seed=8)
    embedding_file(bench.servers / str(HERE), "own", seed=9)
    (bench.shipped / "tint.safetensors").unlink()
    watching = asyncio.create_task(bench.installer.watch(interval=0.05))
    for _ in range(400):
        if bench.names(HERE) == ["own", "shared"]:
            break
        await asyncio.sleep(0.05)
    watching.cancel()
    assert bench.names(HERE) == ["own", "shared"]
    assert bench.names(ELSEWHERE) == ["shared"]
    assert bench.suggested(HERE, "own") == ["own"]
