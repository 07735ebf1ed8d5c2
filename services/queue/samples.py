"""Show what an embedding does: the same request without it and with it, for several seeds, drawn once and cached."""

from __future__ import annotations

import asyncio
from pathlib import Path

from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.comparison import Comparison, Row, without_each_all
from services.engine.messages import RenderRequest
from services.engine.process import Engine
from services.files import write_atomically
from services.parameters import GenerationParameters
from services.pictures.grid import draw_grid
from services.planning.fit import fit_of
from services.planning.picks import Pick, placed
from services.queue.line import Line
from services.stock import Stock

#: a single seed may be the one where an embedding does nothing, or wonders
SEED, NUM_SEEDS = 7, 3
#: for embeddings whose catalog entry has no sample prompt
PROMPT = "a portrait of a smiling person who waves with both hands, in a garden"


class Samples:
    """Sheets on disk, one per checkpoint and content hash."""

    def __init__(self, *, engine: Engine, line: Line, stock: Stock, folder: Path) -> None:
        self._engine = engine
        self._line = line
        self._shelf = stock.shelf
        self._folder = folder
        self._drawing: dict[Path, asyncio.Task[bytes]] = {}

    async def sheet(self, embedding: InstalledEmbedding, checkpoint: Checkpoint, member_id: int) -> bytes:
        """A PNG with a row for each seed, without the embedding and with it.

        A sheet that isn't drawn yet waits in line like a request of the member's.

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
        plan = sample_plan(embedding, checkpoint)
        request = RenderRequest(checkpoint, self._shelf.installation(checkpoint.id), plan.parts)
        async with self._line.turn(member_id, checkpoint.id, plan.pixel_steps):
            rendered = await self._engine.render(request, lambda _: None)
        cells = dict(enumerate(files[0] for files in rendered.pictures))
        assert plan.comparison is not None
        data = await asyncio.to_thread(draw_grid, plan.comparison, plan.seed, cells)
        await asyncio.to_thread(write_atomically, path, data)
        return data

    def _path(self, embedding: InstalledEmbedding, checkpoint: Checkpoint) -> Path:
        return self._folder / checkpoint.id / f"{embedding.content_hash}-{NUM_SEEDS}.png"


def sample_plan(embedding: InstalledEmbedding, checkpoint: Checkpoint) -> GenerationParameters:
    """The comparison that shows what an embedding does to a checkpoint's pictures."""
    used = placed(Pick(embedding, embedding.strength, fit_of(embedding, checkpoint)))
    entry = embedding.entry
    cfg = (entry and entry.cfg) or checkpoint.cfg
    rows = tuple(Row(number, cfg) for number in range(NUM_SEEDS))
    comparison = Comparison(without_each_all((used.label,)), rows)
    return GenerationParameters(
        checkpoint=checkpoint.id,
        prompt=(entry and entry.sample) or PROMPT,
        negative="",
        embeddings=(used,),
        cfg=cfg,
        steps=checkpoint.steps,
        width=checkpoint.width,
        height=checkpoint.height,
        seed=SEED,
        count=len(comparison),
        sampler=checkpoint.sampler,
        clip_skip=checkpoint.clip_skip,
        comparison=comparison,
    )
