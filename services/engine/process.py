"""The parent's side of the engine: one child process and one pipe per GPU.

A thread would be enough to keep the event loop free, but a process can be killed when it hangs, and its memory goes with it.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from services.checkpoints import Checkpoint
from services.checkpoints.sizes import half_as_large
from services.engine.messages import Cause, Failed, Loading, Progress, Ready, Rendered, RenderRequest, Reply
from services.errors import EngineDied, EngineError, OutOfMemory

log = logging.getLogger(__name__)

START_TIMEOUT = 180.0  # seconds; importing torch on a slow disk
LOAD_TIMEOUT = 900.0  # seconds; several gigabytes from a slow disk
PATIENCE = 120.0  # seconds without a sign of life while denoising or decoding
END_TIMEOUT = 5.0  # seconds
#: Rounds that an idle OpenMP thread spins before it sleeps. Spinning threads take the processor from everything else here,
#: and from each other; threads that sleep at once are slow to wake. On two busy cores a picture of the demo takes a tenth of
#: the time that it takes without a limit; on two idle ones, a tenth more.
SPIN_COUNT = "3000"

_REPOSITORY = Path(__file__).parents[2]
#: -P keeps the working folder, which is the operator's, out of the import path
_COMMAND = (sys.executable, "-P", "-m", "services.engine.host")

OnProgress = Callable[[Progress], None]


class CheckpointUnusable(EngineError):
    """The weights are broken; the model should no longer be offered."""

    calm = (
        "This model's files are broken here, so it cannot draw. Please choose another one; the operator has been told."
    )


class Engine:
    """Renders one request at a time in a process that is started when it is needed and replaced when it dies."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        device: str = "auto",
        resident_checkpoints: int = 1,
        patience: float = PATIENCE,
    ) -> None:
        """`environment` is all that the process sees of the bot's; keep secrets out of it, since anyone's prompts end up there.

        After `patience` seconds without a sign of life during a render, the process counts as hung.
        """
        self._environment = environment
        self._device = device
        self._resident_checkpoints = resident_checkpoints
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._busy = asyncio.Lock()
        #: what its process said of the device; None until it was started once
        self.ready: Ready | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process unless it runs.

        Raises: EngineDied.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.kill()
        self._spawn()
        ready = await self._receive(START_TIMEOUT)
        if isinstance(ready, Ready):
            self.ready = ready
            log.info("engine ready on %s, process %s", ready.device, self.pid)

    def _spawn(self) -> None:
        """Start the child, which takes milliseconds; in a thread, a cancelled start would lose it."""
        path = os.pathsep.join(filter(None, (str(_REPOSITORY), self._environment.get("PYTHONPATH"))))
        environment = {"GOMP_SPINCOUNT": SPIN_COUNT, **self._environment, "PYTHONPATH": path}
        self._pipe, theirs = multiprocessing.Pipe()
        with theirs:  # closed here, so that reading ends when the child dies
            descriptor = theirs.fileno()
            # not multiprocessing's spawn: its children inherit every variable, the bot's token among them
            self._process = subprocess.Popen(
                [*_COMMAND, str(descriptor), self._device, str(self._resident_checkpoints)],
                stdin=subprocess.DEVNULL,
                env=environment,
                pass_fds=[descriptor],
            )

    async def render(self, request: RenderRequest, on_progress: OnProgress) -> Rendered:
        """Render a batch, after those that were asked for before.

        Raises: EngineError; after EngineDied the next call starts a new process.
        """
        async with self._busy:
            return await self._render(request, on_progress)

    async def _render(self, request: RenderRequest, on_progress: OnProgress) -> Rendered:
        await self.start()
        assert self._pipe is not None
        try:
            await asyncio.wait_for(asyncio.to_thread(self._pipe.send, request), self._patience)
        except TimeoutError as error:
            self.kill()  # which ends the sending too
            raise EngineDied(f"The engine took no request for {self._patience:g} s and was stopped.") from error
        except (OSError, EOFError) as error:
            self.kill()
            raise EngineDied("The engine was gone before it got the request.") from error
        timeout = self._patience
        while True:
            match await self._receive(timeout):
                case Progress() as progress:
                    timeout = self._patience
                    on_progress(progress)
                case Loading():
                    timeout = LOAD_TIMEOUT
                case Rendered() as rendered:
                    return rendered
                case Failed() as failed:
                    raise _error(failed, request)

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        if self._process is not None:
            self._process.kill()
            _join(self._process)
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    async def close(self) -> None:
        """Hang up, which ends an idle process in good order, and kill one that is busy."""
        if self._pipe is not None and self._process is not None:
            self._pipe.close()
            self._pipe = None
            await asyncio.to_thread(_join, self._process)
        await asyncio.to_thread(self.kill)

    async def _receive(self, timeout: float) -> Reply:
        pipe = self._pipe
        assert pipe is not None
        try:
            return await asyncio.wait_for(asyncio.to_thread(_receive_within, pipe, timeout), timeout + END_TIMEOUT)
        except TimeoutError as error:
            self.kill()
            raise EngineDied(f"The engine gave no sign of life for {timeout:g} s and was stopped.") from error
        except (EOFError, OSError) as error:
            process = self._process
            if process is not None:
                await asyncio.to_thread(_join, process)  # the pipe ends a moment before the process does
            self.kill()
            code = process.returncode if process else None
            raise EngineDied(f"The engine's process ended unexpectedly (code {code}).") from error
        except asyncio.CancelledError:
            self.kill()  # whoever waits no longer would otherwise get this answer to the next question
            raise


def _error(failed: Failed, request: RenderRequest) -> EngineError:
    match failed.cause:
        case Cause.PICTURE_TOO_LARGE:
            plan = request.plans[0]  # all of a batch have one size
            return OutOfMemory(failed.reason, picture_too_large(request.checkpoint, plan.width, plan.height))
        case Cause.MODEL_TOO_LARGE:
            return OutOfMemory(failed.reason, model_too_large(request.checkpoint))
        case Cause.CHECKPOINT_BROKEN:
            return CheckpointUnusable(failed.reason)
        case Cause.UNKNOWN:
            return EngineError(failed.reason)


def picture_too_large(checkpoint: Checkpoint, width: int, height: int) -> str:
    """What a member reads when not even one picture fits; it names a size that probably would."""
    smaller = half_as_large(checkpoint, width, height)
    advice = (
        f"choose a smaller size: {smaller[0]}x{smaller[1]} would probably fit" if smaller else "choose another model"
    )
    return f"{width}x{height} with {checkpoint.title} is too large for this machine's memory. Please {advice}."


def model_too_large(checkpoint: Checkpoint) -> str:
    """What a member reads when the weights themselves do not fit."""
    return (
        f"{checkpoint.title} does not fit into this machine's memory at the moment. "
        "Please choose another model; the operator has been told."
    )


def _join(process: subprocess.Popen[bytes]) -> None:
    with suppress(subprocess.TimeoutExpired):  # a call into a broken driver can outlast even SIGKILL
        process.wait(END_TIMEOUT)


def _receive_within(pipe: Connection, timeout: float) -> Reply:
    if not pipe.poll(timeout):
        raise TimeoutError
    return pipe.recv()
