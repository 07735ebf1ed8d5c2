"""On a processor, let the pictures of a batch go through the network one by one, step by step.

Its kernels round differently for batches of different sizes, by some 1e-6 a layer, which guidance makes larger: a picture would
not be the same in company as alone. Real models gain nothing there by larger batches, so this costs them nothing; a GPU's batches
stay whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def one_by_one(pipe: Any) -> Iterator[None]:
    """Have the pipeline's networks take one picture at a time meanwhile, if it is on a processor.

    The pipeline is one with per-sample guidance: its batch is all negatives and then all positives, or positives alone.
    """
    if pipe.device.type != "cpu":
        yield
        return
    together = pipe.unet.forward

    def forward(sample: torch.Tensor, *args: Any, return_dict: bool = True, **kwargs: Any) -> tuple[torch.Tensor, ...]:
        assert not return_dict  # as pipelines call it
        predicted = torch.empty_like(sample)
        for rows in _rows_of_pictures(pipe, len(sample)):
            # an unguided picture's positive stands for its negative too, and their difference is nothing
            taken = rows[-1:] if _is_unguided(pipe, rows) else rows
            (predicted[rows],) = together(
                sample[taken], *args, return_dict=False, **_of_rows(kwargs, taken, len(sample))
            )
        return (predicted,)

    slicing, pipe.vae.use_slicing = pipe.vae.use_slicing, True
    pipe.unet.forward = forward
    try:
        yield
    finally:
        del pipe.unet.forward  # which the class's own stands behind
        pipe.vae.use_slicing = slicing


def _rows_of_pictures(pipe: Any, num_rows: int) -> list[list[int]]:
    pictures = len(pipe.scales)
    return [list(range(first, num_rows, pictures)) for first in range(pictures)]


def _is_unguided(pipe: Any, rows: Sequence[int]) -> bool:
    return len(rows) > 1 and float(pipe.scales[rows[0]]) == 1.0


def _of_rows(values: Mapping[str, Any], rows: Sequence[int], num_rows: int) -> dict[str, Any]:
    """The keyword arguments for some rows of a batch."""
    return {name: _taken(value, rows, num_rows) for name, value in values.items()}


def _taken(value: Any, rows: Sequence[int], num_rows: int) -> Any:
    if isinstance(value, dict):
        return _of_rows(value, rows, num_rows)
    is_batched = isinstance(value, torch.Tensor) and value.ndim > 0 and len(value) == num_rows
    return value[list(rows)] if is_batched else value
