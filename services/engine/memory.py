"""Tell a lack of memory from other failures, and give back what is no longer used."""

from __future__ import annotations

import errno
import os

import torch

#: what the allocators of the CPU and of Apple's GPUs say, who raise no type of their own, and what files mapped into memory do;
#: the last is oneDNN's, when there is no room for the code that it writes for a layer
_WORDS = (
    "can't allocate memory",
    "cannot allocate memory",
    "out of memory",
    "could not create a primitive",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this error, or one that it was raised from, is a lack of memory."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (torch.OutOfMemoryError, MemoryError)):
            return True
        if isinstance(cause, OSError) and cause.errno == errno.ENOMEM:
            return True
        if isinstance(cause, (RuntimeError, OSError)) and any(words in str(cause).lower() for words in _WORDS):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def is_device_broken(error: BaseException) -> bool:
    """Whether the GPU refuses everything from now on that this process asks of it."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)


def release() -> None:
    """Hand memory without owner back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def memory_of(device: torch.device) -> int:
    """Bytes that the device has in all; what others hold of it is not taken off."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")  # Apple's GPUs share it with the processor
