"""Who changed what everybody uses, and which presets a change concerns."""

from __future__ import annotations

from services.requests import GenerationRequest, Preset
from services.storage import Storage
from services.storage.audit import AuditLine


async def test_lines_are_kept_the_newest_first(storage: Storage) -> None:
    for number in range(3):
        await storage.audit.add(
            AuditLine(guild_id=None, member_id=2**62, action="install", subject=f"e{number}", detail={"file": "ä.pt"})
        )
    lines = await storage.audit.latest(2)
    assert [line.subject for line in lines] == ["e2", "e1"]
    assert lines[0].detail == {"file": "ä.pt"}
    assert lines[0].at is not None


async def test_presets_that_name_an_embedding_are_found(storage: Storage) -> None:
    for guild_id, name, embeddings in (
        (1, "strong", ("Moss:1.2", "other")),
        (1, "alias", ("moss-neg",)),
        (1, "without", ("mossy",)),
        (1, "bare", None),
        (2, "elsewhere", ("moss",)),
    ):
        request = GenerationRequest(embeddings=embeddings, negative="x")
        await storage.presets.save(Preset(guild_id, name, request, author_id=5))
    assert await storage.presets.naming(1, ["moss", "MOSS-neg"]) == ["alias", "strong"]
    assert await storage.presets.naming(3, ["moss"]) == []
