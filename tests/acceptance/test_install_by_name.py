"""From an empty data folder to a picture: the operator installs a model, a server's owner an embedding, a member draws."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.local.launch import data_folder, local_bot
from bot.local.process import BotProcess
from playground import Person
from tests.acceptance.conftest import drawn
from tests.builders import embedding_file
from tests.hub import open_hub
from tests.operator import Operator, demo_files

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Town:
    """A bot whose operator has installed a model and one of its embeddings."""

    operator: Operator
    bot: BotProcess

    def person(self, name: str, *permissions: str) -> Person:
        person = self.bot.discord.person(name)
        person.may(*permissions)
        return person


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(data: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("hub")
    async with open_hub(folder) as hub:
        operator = Operator(hub, data)
        hub.repository("someone/toy", demo_files())
        operator.describe('hub = "someone/toy"\n')
        for seed, name in enumerate(("toy-haze", "toy-noise", "toy-moire", "toy-dots"), start=1):
            file = embedding_file(folder, name, seed=seed).read_bytes()
            hub.files["storage.example", f"/{name}"] = file
            hub.redirect("civitai.com", f"/api/download/models/{seed}", f"https://storage.example/{name}")
            operator.curate(name, file, f"https://civitai.com/api/download/models/{seed}")
        code, said = await operator.install("toy")
        assert code == 0, said
        async with local_bot(folder=data, settings={**hub.environment, "DEFAULT_MODEL": "toy"}) as bot:
            yield Town(operator, bot)


async def test_what_the_operator_installed_is_used_at_once(town: Town) -> None:
    picture = await drawn(await town.person("ana").slash("imagine", prompt="a red fish"))
    assert "Toy" in picture.text
    assert "toy-haze" in picture.text, "recommended for the model, so it came with it"


async def test_from_browsing_to_a_picture_that_says_how_it_was_made(town: Town) -> None:
    mod, ana = town.person("mod", "manage_guild"), town.person("ana")
    page = await mod.slash("embedding browse", model="toy", show="not installed")
    assert page.message is not None
    assert "➕ **toy-noise**" in page.text
    asked = await mod.click(page.message, "Install toy-noise")
    assert asked.message is not None
    for fact in ("civitai.com", "SHA-256", "licence: unverified"):
        assert fact in asked.text, fact
    done = await (await mod.click(asked.message, "Install")).until(lambda message: "Installed" in message.text)
    assert "/imagine embedding1:toy-noise" in done.text

    picture = await drawn(await ana.slash("imagine", prompt="a red fish", embedding1="toy-noise:0.8", seed=5))
    assert "toy-noise" in picture.text
    data = await town.bot.discord.fetch(picture.attachments[0])
    card = await (await ana.slash("identify", picture=("picture.png", data))).until(lambda message: bool(message.text))
    assert "toy-noise" in card.text
    for doubt in ("isn't installed", "unknown", "not installed", "another file"):
        assert doubt not in card.text.lower()


async def test_a_refusal_offers_what_is_missing_to_those_who_may(town: Town) -> None:
    mod, ana = town.person("mod", "manage_guild"), town.person("ana")
    refused = await ana.slash("imagine", prompt="a red fish", embedding1="toy-moire")
    assert "toy-moire" in refused.text
    assert refused.message is not None
    assert [button.label for button in refused.message.buttons] == ["Draw with toy-haze"]  # and none that installs
    refused = await mod.slash("imagine", prompt="a red fish", embedding1="toy-moire")
    assert refused.message is not None
    asked = await mod.click(refused.message, "Install toy-moire")
    assert asked.message is not None
    await (await mod.click(asked.message, "Install")).until(lambda message: "Installed" in message.text)
    assert "toy-moire" in (await drawn(await ana.slash("imagine", prompt="a fish", embedding1="toy-moire"))).text


async def test_a_file_that_changed_on_its_site_is_refused(town: Town) -> None:
    town.operator.hub.files["storage.example", "/toy-dots"] = b"another file"
    reply = await town.person("mod", "manage_guild").slash("embedding install", name="toy-dots")
    said = (await reply.until(lambda message: not message.thinking)).text
    assert "civitai.com sent a different file: its SHA-256 is " in said
    assert said.endswith("I didn't keep it.")
