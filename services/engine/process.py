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
from services.checkpoints.sizes import smaller_size
from services.engine.messages import Cause, Failed, Loading, Progress, Ready, Rendered, RenderRequest, Reply
from services.errors import EngineDied, EngineError, OutOfMemory
from services.events import BatchDrawn, EngineLost, EngineStarted, Events

log = logging.getLogger(__name__)

START_TIMEOUT = 180.0  # seconds, for importing torch from a slow disk
LOAD_TIMEOUT = 900.0  # seconds, for several gigabytes from a slow disk
PATIENCE = 120.0  # seconds without a message while denoising or decoding
END_TIMEOUT = 5.0  # seconds
#: How often an idle OpenMP thread spins before it sleeps. Spinning threads take CPU time from everything else on the
#: machine, and from each other; threads that sleep immediately are slow to wake up. Compared to no limit, a demo picture
#: takes a tenth of the time on two busy cores, and a tenth longer on two idle ones.
SPIN_COUNT = "3000"

_REPOSITORY = Path(__file__).parents[2]
#: -P keeps the working folder, which is the operator's, out of the import path
_COMMAND = (sys.executable, "-P", "-m", "services.engine")

OnProgress = Callable[[Progress], None]


class CheckpointUnusable(EngineError):
    """The weights are broken, so the model should no longer be offered."""

    calm = (
        "This model's files are damaged, so it can't be used. Please choose another model; "
        "the bot's operator can find the cause in its log."
    )


class Engine:
    """Renders one request at a time in a child process that is started on demand and replaced when it dies."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        device: str = "auto",
        resident_checkpoints: int = 1,
        patience: float = PATIENCE,
        events: Events | None = None,
    ) -> None:
        """`environment` is the child's whole environment; keep secrets out of it, since the child processes anyone's input.

        A child that sends nothing for `patience` seconds during a render counts as hung.
        """
        self._environment = environment
        self._device = device
        self._resident_checkpoints = resident_checkpoints
        self._patience = patience
        self._events = events or Events()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._busy = asyncio.Lock()
        #: what the child reported about its device; None until the first start
        self.ready: Ready | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process unless it's already running.

        Raises: EngineDied.
        """
        if self.is_running:
            return
        self.kill()
        try:
            self._spawn()
        except OSError as error:  # for example, too many open files
            raise EngineDied(f"The engine's process can't be started: {error}") from error
        ready = await self._receive(START_TIMEOUT)
        if isinstance(ready, Ready):
            self.ready = ready
            self._events.tell(EngineStarted())
            log.info("engine ready on %s, process %s", ready.device, self.pid)

    def _spawn(self) -> None:
        """Start the child. Not in a thread: this takes milliseconds, and a cancelled start would lose track of the child."""
        path = os.pathsep.join(filter(None, (str(_REPOSITORY), self._environment.get("PYTHONPATH"))))
        environment = {"GOMP_SPINCOUNT": SPIN_COUNT, **self._environment, "PYTHONPATH": path}
        self._pipe, theirs = multiprocessing.Pipe()
        with theirs:  # the parent must not keep this end open, or reading would never end when the child dies
            descriptor = theirs.fileno()
            # multiprocessing's spawn can't do this: its children inherit every variable, including the bot's token
            self._process = subprocess.Popen(
                [*_COMMAND, str(descriptor), self._device, str(self._resident_checkpoints)],
                stdin=subprocess.DEVNULL,
                env=environment,
                pass_fds=[descriptor],
            )

    async def render(self, request: RenderRequest, on_progress: OnProgress) -> Rendered:
        """Render a batch once earlier calls have finished.

        Raises: EngineError; after EngineDied, the next call starts a new process.
        """
        async with self._busy:
            try:
                rendered = await self._render(request, on_progress)
            except EngineDied:
                self._events.tell(EngineLost())
                raise
        if request.plans:
            self._events.tell(_drawn(request, rendered))
        return rendered

    async def _render(self, request: RenderRequest, on_progress: OnProgress) -> Rendered:
        await self.start()
        assert self._pipe is not None
        try:
            await asyncio.wait_for(asyncio.to_thread(self._pipe.send, request), self._patience)
        except TimeoutError as error:
            self.kill()  # this also unblocks the thread that is sending
            raise EngineDied(f"The engine didn't accept a request for {self._patience:g} s and was killed.") from error
        except (OSError, EOFError) as error:
            self.kill()
            raise EngineDied("The engine's process ended before it received the request.") from error
        timeout = self._patience
        while True:
            match await self._receive(timeout):
                case Progress() as progress:
                    timeout = self._patience
                    try:
                        on_progress(progress)
                    except Exception:
                        self.kill()  # or the next request would be answered with these pictures
                        raise
                case Loading():
                    timeout = LOAD_TIMEOUT
                case Rendered() as rendered:
                    return rendered
                case Failed() as failed:
                    raise _error(failed, request)
                case Ready():
                    pass  # only sent before the first request

    def kill(self) -> None:
        """Kill the process immediately, whatever it's doing."""
        if self._process is not None:
            self._process.kill()
            _join(self._process)
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    async def close(self) -> None:
        """Close the pipe, which lets an idle process exit cleanly; a busy one is killed."""
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
            raise EngineDied(f"The engine sent nothing for {timeout:g} s and was killed.") from error
        except (EOFError, OSError) as error:
            process = self._process
            if process is not None:
                await asyncio.to_thread(_join, process)  # the pipe closes shortly before the process ends
            self.kill()
            code = process.returncode if process else None
            raise EngineDied(f"The engine's process ended unexpectedly (code {code}).") from error
        except asyncio.CancelledError:
            self.kill()  # otherwise the next request would receive this one's reply
            raise


def _drawn(request: RenderRequest, rendered: Rendered) -> BatchDrawn:
    return BatchDrawn(
        checkpoint=request.checkpoint.id,
        steps=request.plans[0].steps,  # all plans in a batch have as many
        pictures=sum(map(len, rendered.pictures)),
        seconds=rendered.seconds,
        free_memory=rendered.free_memory,
    )


def _error(failed: Failed, request: RenderRequest) -> EngineError:
    match failed.cause:
        case Cause.PICTURE_TOO_LARGE:
            plan = request.plans[0]  # all plans in a batch have the same size
            return OutOfMemory(failed.reason, picture_too_large(request.checkpoint, plan.width, plan.height))
        case Cause.MODEL_TOO_LARGE:
            return OutOfMemory(failed.reason, model_too_large(request.checkpoint))
        case Cause.CHECKPOINT_BROKEN:
            return CheckpointUnusable(failed.reason)
        case Cause.UNKNOWN:
            return EngineError(failed.reason)


def picture_too_large(checkpoint: Checkpoint, width: int, height: int) -> str:
    """What a member reads when not even one picture fits; suggests a size that probably does."""
    smaller = smaller_size(checkpoint, width, height)
    advice = f"{smaller[0]}x{smaller[1]} would probably fit." if smaller else "Please choose another model."
    return f"{width}x{height} with {checkpoint.title} needs more memory than this machine has. {advice}"


def model_too_large(checkpoint: Checkpoint) -> str:
    """What a member reads when the weights themselves don't fit."""
    return (
        f"{checkpoint.title} doesn't fit into this machine's memory right now. "
        "Please choose another model, or try again later."
    )


def _join(process: subprocess.Popen[bytes]) -> None:
    with suppress(subprocess.TimeoutExpired):  # a call that hangs in the GPU driver survives even SIGKILL
        process.wait(END_TIMEOUT)


def _receive_within(pipe: Connection, timeout: float) -> Reply:
    if not pipe.poll(timeout):
        raise TimeoutError
    return pipe.recv()
