"""The child process: waits for requests on its pipe, renders them, answers. Knows no queue and no database."""

from __future__ import annotations

import logging
import signal
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection

from services.engine.messages import Cause, Failed, Loading, Progress, Ready, Rendered, RenderRequest


def main() -> None:
    """Serve the process that started this one; its arguments are the pipe's descriptor and those of `serve`."""
    descriptor, device_name, resident_checkpoints = sys.argv[1:]
    serve(Connection(int(descriptor)), device_name, int(resident_checkpoints))


def serve(pipe: Connection, device_name: str, resident_checkpoints: int) -> None:
    """Run until the parent closes its end of the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they may reach the whole group; the parent decides when we end
        signal.signal(number, signal.SIG_IGN)
    _be_quiet()  # before anything of theirs is imported in earnest
    import torch

    from services.engine.loader import Resident, dtype_on
    from services.engine.memory import memory_of

    device = torch.device(choose_device() if device_name == "auto" else device_name)
    resident = Resident(device, resident_checkpoints)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent hung up, or was killed
        pipe.send(Ready(str(device), dtype_on(device).itemsize, memory_of(device)))
        while True:
            pipe.send(_answer(pipe, resident, pipe.recv()))


def _be_quiet() -> None:
    """Loading bars and advice of the libraries have nobody to read them here."""
    import diffusers.utils.logging
    import transformers.utils.logging

    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


def choose_device() -> str:
    """The fastest device there is."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _answer(pipe: Connection, resident: object, request: RenderRequest) -> Rendered | Failed:
    from services.engine.loader import CheckpointBroken, CheckpointTooLarge, Resident
    from services.engine.memory import is_device_broken
    from services.engine.renderer import DoesNotFitInMemory, render

    assert isinstance(resident, Resident)
    try:
        if request.checkpoint not in resident:
            pipe.send(Loading(request.checkpoint.id))
        loaded = resident.get(request.checkpoint, request.installation)
        started = time.perf_counter()
        pictures = render(loaded, request.plans, lambda step, steps: pipe.send(Progress(step, steps)))
        seconds = time.perf_counter() - started
        return Rendered(tuple(tuple(files) for files in pictures), seconds)
    except CheckpointBroken as error:
        return Failed(str(error), Cause.CHECKPOINT_BROKEN)
    except CheckpointTooLarge as error:
        return Failed(str(error), Cause.MODEL_TOO_LARGE)
    except DoesNotFitInMemory as error:
        return Failed(str(error), Cause.PICTURE_TOO_LARGE)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # whatever torch raises, the parent decides what becomes of the jobs
        if is_device_broken(error):
            raise  # a new process finds it whole
        logging.getLogger(__name__).exception("rendering failed")
        return Failed(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
