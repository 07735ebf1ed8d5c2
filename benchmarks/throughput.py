"""Throughput under mixed load: requests of many members in one batch, compared with the usual way, one at a time.

The usual way loads a request's embeddings with diffusers' own loader, calls the pipeline, and unloads them.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from safetensors.torch import save_file

from benchmarks.pipelines import VOCABULARY, WORDS, build_pipeline, place, saved_pipeline
from benchmarks.ratio import Ratio
from embeddings.architecture import Architecture
from services.checkpoints import Checkpoint, Installation
from services.engine.loader import LoadedCheckpoint, load_checkpoint
from services.engine.renderer import render
from services.jobs import Job, JobId, JobState, ReplyTarget
from services.parameters import GenerationParameters
from services.queue.fair import FairQueue

JOBS, MEMBERS, STEPS, SIDE, BATCH = 32, 8, 10, 64, 8
#: the usual way takes seconds per request, so its rate is measured on fewer
USUAL_JOBS = 8
EMBEDDINGS = [place(f"embedding{number}", vectors, number) for number, vectors in enumerate((8, 16, 6, 8))]
VECTORS = {placed.content_hash: placed.vectors for placed in EMBEDDINGS}


def measure() -> list[Ratio]:
    """Render the same plans in batches, one at a time, and the usual way."""
    jobs = _jobs()
    loaded = load_checkpoint(_checkpoint(), Installation.in_folder(saved_pipeline()), torch.device("cpu"))
    render(loaded, _plans(jobs[:1]), lambda *_: None)  # warm-up
    batched = _timed(lambda: _in_batches(loaded, jobs))
    alone = _timed(lambda: [render(loaded, [plan], lambda *_: None) for plan in _plans(jobs)])
    usual = _timed(lambda: _usual_way(jobs[:USUAL_JOBS])) * JOBS / USUAL_JOBS
    return [
        Ratio("throughput", usual / batched, 5, "at least", "pictures/s ÷ pictures/s the usual way, CPU"),
        Ratio(
            "batching alone",
            alone / batched,
            1,
            "at least",
            "pictures/s ÷ pictures/s one at a time without loading, CPU",
        ),
    ]


def _checkpoint() -> Checkpoint:
    return Checkpoint(
        id="tiny",
        title="Tiny",
        architecture=Architecture.SD1,
        lineage="sd15",
        path=str(saved_pipeline()),
        width=SIDE,
        height=SIDE,
        min_side=SIDE,
        max_side=SIDE,
    )


def _jobs() -> list[Job]:
    choose = random.Random(0)
    return [
        Job(
            id=JobId(number),
            state=JobState.QUEUED,
            target=ReplyTarget(guild_id=1, channel_id=1, member_id=number % MEMBERS),
            asked_at=datetime.now(UTC),
            parameters=GenerationParameters(
                checkpoint="tiny",
                prompt=" ".join(choose.choices(WORDS, k=12)),
                negative=" ".join(choose.choices(WORDS, k=5)),
                embeddings=tuple(choose.sample(EMBEDDINGS, k=choose.randint(1, 3))),
                cfg=choose.choice((4.0, 6.0, 7.5, 9.0)),
                steps=STEPS,
                width=SIDE,
                height=SIDE,
                seed=number,
                count=1,
                sampler="dpmpp_2m",
            ),
        )
        for number in range(JOBS)
    ]


def _plans(jobs: Sequence[Job]) -> list[GenerationParameters]:
    return [job.parameters.with_vectors(VECTORS) for job in jobs]


def _in_batches(loaded: LoadedCheckpoint, jobs: Sequence[Job]) -> None:
    queue = FairQueue()
    for job in jobs:
        queue.put_nowait(job)
    while queue.qsize():
        first = queue.get_nowait()
        assert isinstance(first, Job)
        batch = [first, *queue.take_company(first, BATCH)]
        render(loaded, _plans(batch), lambda *_: None)


def _usual_way(jobs: Sequence[Job]) -> None:
    pipe = build_pipeline()
    assert len(pipe.tokenizer) == VOCABULARY
    with tempfile.TemporaryDirectory() as folder:
        files: dict[str, Path] = {}
        for placed in EMBEDDINGS:
            files[placed.id] = Path(folder) / f"{placed.id}.safetensors"
            save_file({"emb_params": torch.from_numpy(placed.vectors["clip_l"])}, files[placed.id])
        for job in jobs:
            plan = job.parameters
            names = [placed.id for placed in plan.embeddings]
            pipe.load_textual_inversion([str(files[name]) for name in names], token=names, use_safetensors=True)
            pipe(
                plan.prompt,
                negative_prompt=", ".join([*names, plan.negative]),
                guidance_scale=plan.cfg,
                num_inference_steps=plan.steps,
                width=plan.width,
                height=plan.height,
                generator=torch.Generator().manual_seed(plan.seed),
            )
            pipe.unload_textual_inversion()


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
