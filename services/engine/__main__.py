"""The engine's process, as `process.Engine` starts it: `python -m services.engine DESCRIPTOR DEVICE RESIDENT_CHECKPOINTS`."""

from __future__ import annotations

import signal
import sys
from multiprocessing.connection import Connection


def main() -> None:
    """Serve the parent over the pipe with this file descriptor until it closes its end."""
    descriptor, device, resident_checkpoints = sys.argv[1:]
    # Both may reach the whole process group, but the parent decides when this process stops. Importing torch takes seconds.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _silence_libraries()
    from services.engine.child import serve

    serve(Connection(int(descriptor)), device, int(resident_checkpoints))


def _silence_libraries() -> None:
    """Turn off progress bars and warnings, which no one would read here, before heavier modules show any."""
    import diffusers.utils.logging
    import transformers.utils.logging

    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


if __name__ == "__main__":
    main()
