"""An answer that can't be sent as it should be: the member reads an incident's id, and the log and the row have it too."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from cogs.answers.clock import DiscordClock
from cogs.answers.delivery import LOST_PICTURES, DiscordDelivery
from cogs.answers.rejections import REJECTED, REJECTIONS
from playground import Discord, Message
from services.checkpoints import Shelf
from services.incidents import apology
from services.jobs import Job, JobState
from services.pictures.store import PictureStore
from services.stock import Stocks
from services.storage import Storage
from tests.builders import a_plan, a_stock, a_target
from tests.playground.conftest import SmallBot, running


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


class Rig:
    """A delivery over a real discord.py client, with a local Discord and a real database."""

    def __init__(self, discord: Discord, storage: Storage, folder: Path, client: SmallBot) -> None:
        self.discord = discord
        self.storage = storage
        self.pictures = PictureStore(folder)
        self.delivery = DiscordDelivery(
            client=client,
            clock=DiscordClock(),
            jobs=storage.jobs,
            pictures=self.pictures,
            stocks=Stocks(a_stock(shelf=Shelf((), folder))),
        )
        self.ana = discord.person("ana")

    async def answered(self, *, lost: bool = False, **plan: object) -> tuple[Job, Message]:
        """Deliver a rendered job whose member waits in the channel; returns its row and the message with the answer."""
        target = a_target(self.ana.id, guild_id=self.discord.guild.id, channel_id=self.ana.channel.id)
        job = await self.storage.jobs.add(a_plan(**plan), target)
        await self.storage.jobs.claim([job.id])
        names = ["0" * 64 + ".png"] if lost else await self.pictures.save([picture()])
        done = await self.storage.jobs.mark_rendered(job.id, names, 1.0)
        assert done is not None
        self.delivery.answer(done)
        await self.delivery.wind_down(30)
        row = await self.storage.jobs.get(job.id)
        assert row is not None
        (message,) = self.ana.sees()
        return row, message


@pytest.fixture
async def rig(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    client = SmallBot()
    async with Discord() as discord, running(client, discord, monkeypatch):
        rig = Rig(discord, storage, tmp_path, client)
        yield rig
        await rig.delivery.close()


async def assert_one_incident(rig: Rig, job: Job, caplog: pytest.LogCaptureFixture, sentence: str | None) -> None:
    """The log, the row and the message must have the same id."""
    (record,) = (record for record in caplog.records if record.name == "services.incidents")
    incident = record.getMessage().split()[1].rstrip(":")
    assert record.getMessage() == f"incident {incident}: answering job {job.id}"
    assert job.state is JobState.FAILED
    assert job.sentence == (apology(incident, sentence) if sentence else apology(incident))
    reason = await rig.storage.pool.fetchval("SELECT error FROM jobs WHERE id = $1", job.id)
    assert reason.startswith(f"incident {incident}: ")
    (message,) = rig.ana.sees()
    assert f"⚠️ {job.sentence}" in message.text
    assert [button.label for button in message.buttons] == ["Try again"]
    assert await rig.storage.jobs.unanswered() == []


async def test_pictures_are_delivered(rig: Rig) -> None:
    job, message = await rig.answered()
    assert (job.state, job.message_id) == (JobState.DELIVERED, message.id)
    assert [file.filename for file in message.attachments] == [f"{job.id}-7.png"]


async def test_a_bug_in_the_delivery_is_an_incident(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    job, _ = await rig.answered(seed="of another version")
    await assert_one_incident(rig, job, caplog, None)
    assert "TypeError" in caplog.text


async def test_a_message_that_discord_rejects_is_an_incident(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.discord.faults.http("POST", "/channels/*/messages", status=400, code=50035)
    job, _ = await rig.answered()
    await assert_one_incident(rig, job, caplog, REJECTED)
    assert "error code: 50035" in caplog.text


@pytest.mark.parametrize("code", REJECTIONS)
async def test_a_rejection_that_the_member_can_mend_says_how(
    rig: Rig, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    rig.discord.faults.http("POST", "/channels/*/messages", status=403 if code == 40333 else 400, code=code)
    job, message = await rig.answered()
    assert (job.state, job.sentence) == (JobState.FAILED, REJECTIONS[code])
    assert REJECTIONS[code] in message.text
    assert not [record for record in caplog.records if record.name == "services.incidents"]


async def test_lost_pictures_are_not_an_incident(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    job, message = await rig.answered(lost=True)
    assert (job.state, job.sentence) == (JobState.FAILED, LOST_PICTURES)
    assert LOST_PICTURES in message.text
    assert not [record for record in caplog.records if record.name == "services.incidents"]
