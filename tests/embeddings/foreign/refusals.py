"""A valid torch file, and what is said about invalid ones."""

from __future__ import annotations

import pytest

from embeddings.errors import RefusedFile
from embeddings.foreign.unpacker import unpack
from tests.embeddings.files import rows
from tests.embeddings.foreign.builders import program, table, tensor, torch_legacy, torch_zip

DATA = {"0": rows(2).tobytes()}
GOOD = program(table({"emb_params": tensor("F32", [2, 768])}))


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedFile) as refused:
        unpack(data)
    reason = str(refused.value)
    assert reason.endswith(".")
    assert reason.isprintable()
    return reason


def in_containers(body: bytes) -> list[bytes]:
    """As a bare pickle, as the pickle of a new and an old torch file, and after the pickle of an old one."""
    appended = torch_legacy(GOOD, {"0": (1536, DATA["0"])})
    return [body, torch_zip(body, DATA), torch_legacy(body, {}), appended.replace(GOOD, GOOD + body)]
