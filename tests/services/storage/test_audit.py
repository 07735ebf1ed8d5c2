"""The audit log, and which presets a change affects."""

from __future__ import annotations

import asyncio

import pytest

from services.choices import EmbeddingChoice
from services.requests import GenerationRequest, Preset
from services.storage import Storage
from services.storage.audit import AuditEntry

#: writing to the table fails as it would on a full disk
_DISK_FULL = """
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END
    $$;
    CREATE TRIGGER disk_full BEFORE INSERT ON audit EXECUTE FUNCTION disk_full();
"""


async def test_entries_are_kept_and_read_newest_first(storage: Storage) -> None:
    for number in range(3):
        await storage.audit.add(
            AuditEntry(guild_id=None, member_id=2**62, action="install", subject=f"e{number}", detail={"file": "ä.pt"})
        )
    entries = await storage.audit.latest(2)
    assert [entry.subject for entry in entries] == ["e2", "e1"]
    assert entries[0].detail == {"file": "ä.pt"}
    assert entries[0].at is not None


async def test_a_long_outage_does_not_hold_up_the_member_and_the_entry_is_logged(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("services.storage.audit.PATIENCE", 0.5)
    await storage.pool.execute(_DISK_FULL)
    entry = AuditEntry(guild_id=1, member_id=2, action="remove", subject="blur", detail={})
    async with asyncio.timeout(5):
        await storage.audit.add(entry)
    assert await storage.audit.latest() == []
    assert "action='remove', subject='blur'" in caplog.text


async def test_an_entry_is_stored_once_a_short_outage_is_over(storage: Storage) -> None:
    await storage.pool.execute(_DISK_FULL)
    adding = asyncio.create_task(
        storage.audit.add(AuditEntry(guild_id=1, member_id=2, action="remove", subject="blur", detail={}))
    )
    await asyncio.sleep(0.2)
    await storage.pool.execute("DROP TRIGGER disk_full ON audit")
    await asyncio.wait_for(adding, 5)
    assert [entry.subject for entry in await storage.audit.latest()] == ["blur"]


async def test_presets_that_use_an_embedding_are_found(storage: Storage) -> None:
    for guild_id, name, embeddings in (
        (1, "strong", (EmbeddingChoice("Moss", 1.2), EmbeddingChoice("other"))),
        (1, "alias", (EmbeddingChoice("moss-neg"),)),
        (1, "colon", (EmbeddingChoice("moss:v2", 0.00001),)),
        (1, "without", (EmbeddingChoice("mossy"),)),
        (1, "bare", None),
        (2, "elsewhere", (EmbeddingChoice("moss"),)),
    ):
        request = GenerationRequest(embeddings=embeddings, negative="x")
        await storage.presets.save(Preset(guild_id, name, request, author_id=5))
    assert await storage.presets.using_embeddings(1, ["moss", "MOSS-neg"]) == ["alias", "strong"]
    assert await storage.presets.using_embeddings(1, ["moss:v2"]) == ["colon"]
    assert await storage.presets.using_embeddings(3, ["moss"]) == []
