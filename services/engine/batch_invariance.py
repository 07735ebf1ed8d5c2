"""Batch-invariant inference on the CPU: in a batch, each picture comes out bit-identical to rendering it alone.

Libraries choose kernels by the number of rows, and kernels round differently. In a UNet, layers with a single row per
picture (the time embedding, and what SDXL adds to it) change kernels as soon as there is a second row; convolutions do
when a thread gets more than eight rows, or only one. That shifts the output by a few units in the last place, which
guidance amplifies. So those layers run one picture at a time, the others as many as is safe, and pictures without
guidance, a single row each, run alone. On a GPU every kernel depends on the batch size, so batches are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch

#: batch rows per thread up to which oneDNN's convolutions keep the same kernel; found by measuring
ROWS_PER_THREAD = 8

#: the UNet's modules that embed the time, and SDXL's size conditioning
_EMBEDDERS = ("time_embedding", "add_embedding")

Rows = list[int]


@contextmanager
def batch_invariant(pipe: Any) -> Generator[None]:
    """Within this context, a pipeline on the CPU computes each picture as if it were alone; on a GPU, nothing changes.

    The pipeline must have per-sample guidance: a batch is all negatives followed by all positives, or positives only.
    """
    if pipe.device.type != "cpu":
        yield
        return
    unet = _BatchInvariantUNet(pipe.unet, pipe.scales.flatten().tolist())
    for layer in unet.single_row_layers:
        layer.forward = unet.one_picture_at_a_time(layer)
    pipe.unet.forward = unet.forward
    try:
        yield
    finally:
        for module in (pipe.unet, *unet.single_row_layers):
            del module.forward  # uncovers the class's method again


class _BatchInvariantUNet:
    """Replacements for the `forward` of a UNet and of some of its layers."""

    def __init__(self, unet: Any, scales: Sequence[float]) -> None:
        self._original_forward = unet.forward
        self._guided = [index for index, scale in enumerate(scales) if scale > 1]
        self._unguided = [index for index, scale in enumerate(scales) if scale <= 1]
        self._num_pictures = len(scales)
        #: pictures in the part of the batch that is being computed
        self._pictures_in_part = 1
        embedders = [module for name in _EMBEDDERS if (module := getattr(unet, name, None)) is not None]
        layers = {layer for module in embedders for layer in module.modules() if isinstance(layer, torch.nn.Linear)}
        projections = [module for name, module in unet.named_modules() if name.endswith("time_emb_proj")]
        #: layers whose input has one row per picture
        self.single_row_layers: list[Any] = [*layers, *projections]

    def forward(self, sample: torch.Tensor, *args: Any, return_dict: bool = True, **kwargs: Any) -> tuple[torch.Tensor]:
        assert not return_dict  # pipelines always call it this way
        predicted = torch.empty_like(sample)

        def predict(rows: Rows, pictures: int) -> torch.Tensor:
            self._pictures_in_part = pictures
            selected = _select_in_all(kwargs, rows, len(sample))
            (part,) = self._original_forward(sample[rows], *args, return_dict=False, **selected)
            predicted[rows] = part
            return part

        first_positive = len(sample) - self._num_pictures
        for pictures in _split_safely(self._guided):
            predict([*pictures, *(index + first_positive for index in pictures)], len(pictures))
        for index in self._unguided:
            # next to guided pictures, the positive row also serves as the negative one, so that their difference is zero
            predicted[index] = predict([index + first_positive], 1)[0]
        return (predicted,)

    def one_picture_at_a_time(self, layer: torch.nn.Linear) -> Callable[[torch.Tensor], torch.Tensor]:
        original_forward = layer.forward

        def forward(values: torch.Tensor) -> torch.Tensor:
            count = self._pictures_in_part
            outputs = [original_forward(values[index::count]) for index in range(count)]
            return torch.stack(outputs, dim=1).flatten(0, 1)

        return forward


def _split_safely(pictures: Sequence[int]) -> Iterator[Sequence[int]]:
    """Split guided pictures, two rows each, into parts that don't change the kernels."""
    size = ROWS_PER_THREAD * torch.get_num_threads() // 2
    for first in range(0, len(pictures), size):
        yield pictures[first : first + size]


def _select_rows(value: Any, rows: Rows, num_rows: int) -> Any:
    """These rows of every tensor in `value` that has one row per row of the batch; everything else unchanged."""
    if isinstance(value, dict):
        return _select_in_all(cast("dict[str, Any]", value), rows, num_rows)
    is_batched = isinstance(value, torch.Tensor) and value.ndim > 0 and len(value) == num_rows
    return value[rows] if is_batched else value


def _select_in_all(values: Mapping[str, Any], rows: Rows, num_rows: int) -> dict[str, Any]:
    return {name: _select_rows(value, rows, num_rows) for name, value in values.items()}
