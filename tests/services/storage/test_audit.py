"""The audit log, and which presets a change affects."""

from __future__ import annotations

from services.choices import EmbeddingChoice
from services.requests import GenerationRequest, Preset
from services.storage import Storage
from services.storage.audit import AuditEntry


async def test_entries_are_kept_and_read_newest_first(storage: Storage) -> None:
    for number in range(3):
        await storage.audit.add(
            AuditEntry(guild_id=None, member_id=2**62, action="install", subject=f"e{number}", detail={"file": "ä.pt"})
        )
    entries = await storage.audit.latest(2)
    assert [entry.subject for entry in entries] == ["e2", "e1"]
    assert entries[0].detail == {"file": "ä.pt"}
    assert entries[0].at is not None


async def test_presets_that_use_an_embedding_are_found(storage: Storage) -> None:
    for guild_id, name, embeddings in (
        (1, "strong", (EmbeddingChoice("Moss", 1.2), EmbeddingChoice("other"))),
        (1, "alias", (EmbeddingChoice("moss-neg"),)),
        (1, "without", (EmbeddingChoice("mossy"),)),
        (1, "bare", None),
        (2, "elsewhere", (EmbeddingChoice("moss"),)),
    ):
        request = GenerationRequest(embeddings=embeddings, negative="x")
        await storage.presets.save(Preset(guild_id, name, request, author_id=5))
    assert await storage.presets.using_embeddings(1, ["moss", "MOSS-neg"]) == ["alias", "strong"]
    assert await storage.presets.using_embeddings(3, ["moss"]) == []
