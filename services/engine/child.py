"""The child's side of the engine: reads requests from its pipe, renders them, and replies. Knows no queue and no database."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from multiprocessing.connection import Connection

import torch

from services.engine.loader import CheckpointBroken, CheckpointCache, CheckpointTooLarge, dtype_on
from services.engine.memory import free_memory, is_device_broken, total_memory
from services.engine.messages import Cause, Failed, Loading, Progress, Ready, Rendered, RenderRequest
from services.engine.renderer import DoesNotFitInMemory, render
from services.engine.safety import score

log = logging.getLogger(__name__)


def serve(pipe: Connection, device_name: str, resident_checkpoints: int) -> None:
    """Run until the parent closes its end of the pipe."""
    device = torch.device(_fastest_device() if device_name == "auto" else device_name)
    checkpoints = CheckpointCache(device, resident_checkpoints)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent closed the pipe or was killed
        pipe.send(Ready(str(device), dtype_on(device).itemsize, total_memory(device)))
        while True:
            pipe.send(_handle(pipe, checkpoints, pipe.recv()))


def _fastest_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _handle(pipe: Connection, checkpoints: CheckpointCache, request: RenderRequest) -> Rendered | Failed:
    try:
        if request.checkpoint not in checkpoints:
            pipe.send(Loading(request.checkpoint.id))
        loaded = checkpoints.get(request.checkpoint, request.installation)
        started = time.perf_counter()
        pictures = render(loaded, request.plans, lambda step, steps: pipe.send(Progress(step, steps)))
        seconds = time.perf_counter() - started
        scores = tuple(score(files) or () for files in pictures)
        return Rendered(tuple(tuple(files) for files in pictures), seconds, scores, free_memory(checkpoints.device))
    except CheckpointBroken as error:
        return Failed(str(error), Cause.CHECKPOINT_BROKEN)
    except CheckpointTooLarge as error:
        return Failed(str(error), Cause.MODEL_TOO_LARGE)
    except DoesNotFitInMemory as error:
        return Failed(str(error), Cause.PICTURE_TOO_LARGE)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # torch may raise anything; the parent decides what happens to the jobs
        if is_device_broken(error):
            raise  # only a new process can use the device again
        log.exception("rendering failed")
        return Failed(f"{type(error).__name__}: {error}")
