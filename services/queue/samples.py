"""Show what an embedding does: the same request and seed without it and with it, drawn once and cached."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.engine.messages import RenderRequest
from services.engine.process import Engine
from services.files import write_atomically
from services.parameters import GenerationParameters
from services.planning.fit import fit_of
from services.planning.picks import Pick, placed
from services.queue.line import Line
from services.stock import Stock

SEED = 7
#: for embeddings whose catalog entry has no sample prompt
PROMPT = "a portrait of a smiling person who waves with both hands, in a garden"
_GAP = 8  # pixels between the two pictures


class Samples:
    """Pairs on disk, one per checkpoint and content hash."""

    def __init__(self, *, engine: Engine, line: Line, stock: Stock, folder: Path) -> None:
        self._engine = engine
        self._line = line
        self._shelf = stock.shelf
        self._folder = folder
        self._drawing: dict[Path, asyncio.Task[bytes]] = {}

    async def pair(self, embedding: InstalledEmbedding, checkpoint: Checkpoint, member_id: int) -> bytes:
        """A PNG with both pictures side by side; the left one is without the embedding.

        A pair that isn't drawn yet waits in line like a request of the member's.

        Raises: EngineError, if it can't be drawn right now; LimitReached, if the member has enough in line.
        """
        path = self._path(embedding, checkpoint)
        if path.exists():
            return await asyncio.to_thread(path.read_bytes)
        task = self._drawing.get(path)
        if task is None:  # other members who ask in the meantime await the same task
            task = self._drawing[path] = asyncio.create_task(self._draw(embedding, checkpoint, path, member_id))
            task.add_done_callback(lambda _: self._drawing.pop(path, None))
        return await asyncio.shield(task)

    async def _draw(self, embedding: InstalledEmbedding, checkpoint: Checkpoint, path: Path, member_id: int) -> bytes:
        plans = _plans(embedding, checkpoint)
        request = RenderRequest(checkpoint, self._shelf.installation(checkpoint.id), plans)
        work = sum(plan.pixel_steps for plan in plans)
        async with self._line.turn(member_id, checkpoint.id, work):
            rendered = await self._engine.render(request, lambda _: None)
        pictures = [Image.open(io.BytesIO(files[0])) for files in rendered.pictures]
        data = await asyncio.to_thread(_side_by_side, pictures)
        await asyncio.to_thread(write_atomically, path, data)
        return data

    def _path(self, embedding: InstalledEmbedding, checkpoint: Checkpoint) -> Path:
        return self._folder / checkpoint.id / f"{embedding.content_hash}.png"


def _plans(embedding: InstalledEmbedding, checkpoint: Checkpoint) -> tuple[GenerationParameters, ...]:
    with_it = (placed(Pick(embedding, embedding.strength, fit_of(embedding, checkpoint))),)
    entry = embedding.entry
    return tuple(
        GenerationParameters(
            checkpoint=checkpoint.id,
            prompt=(entry and entry.sample) or PROMPT,
            negative="",
            embeddings=embeddings,
            cfg=(entry and entry.cfg) or checkpoint.cfg,
            steps=checkpoint.steps,
            width=checkpoint.width,
            height=checkpoint.height,
            seed=SEED,
            count=1,
            sampler=checkpoint.sampler,
            clip_skip=checkpoint.clip_skip,
        )
        for embeddings in ((), with_it)
    )


def _side_by_side(pictures: Sequence[Image.Image]) -> bytes:
    width = sum(picture.width for picture in pictures) + _GAP * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
    x = 0
    for picture in pictures:
        sheet.paste(picture, (x, 0))
        x += picture.width + _GAP
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()
