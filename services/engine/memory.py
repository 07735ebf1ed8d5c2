"""Recognise out-of-memory errors, free unused memory, and measure the device's."""

from __future__ import annotations

import errno
import os

import torch

#: Messages of allocators without an exception type of their own: the CPU's, Apple's GPUs' and CUDA's libraries', and mmap's.
#: "could not create a primitive" is oneDNN's, when there's no room for the code that it generates for a layer.
_MESSAGES = (
    "can't allocate memory",
    "cannot allocate memory",
    "out of memory",
    "could not create a primitive",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this error, or an error that it was raised from, means that memory ran out."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (torch.OutOfMemoryError, MemoryError)):
            return True
        if isinstance(cause, OSError) and cause.errno == errno.ENOMEM:
            return True
        if isinstance(cause, (RuntimeError, OSError)) and any(message in str(cause).lower() for message in _MESSAGES):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def is_device_broken(error: BaseException) -> bool:
    """Whether the GPU will refuse everything that this process asks of it from now on."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)


def empty_cache() -> None:
    """Return the allocator's unused memory to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def free_memory(device: torch.device) -> int | None:
    """What is left of a GPU's own memory, in bytes; None where the device shares the machine's."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return free


def total_memory(device: torch.device) -> int:
    """The device's memory in bytes, including what other processes are using."""
    if device.type == "cuda":
        _, total = torch.cuda.mem_get_info(device)
        return total
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")  # Apple's GPUs share it with the CPU
