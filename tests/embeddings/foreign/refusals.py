"""A good file of torch.save, and what becomes of a bad one."""

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
    said = str(refused.value)
    assert said.endswith(".")
    assert said.isprintable()
    return said


def in_containers(body: bytes) -> list[bytes]:
    """As a bare pickle, as the tree of either torch file, and as what stands behind the tree of an old one."""
    behind = torch_legacy(GOOD, {"0": (1536, DATA["0"])})
    return [body, torch_zip(body, DATA), torch_legacy(body, {}), behind.replace(GOOD, GOOD + body)]
