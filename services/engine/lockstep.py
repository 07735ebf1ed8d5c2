"""On a processor, let each picture of a batch be what it is alone, to the bit.

Kernels are chosen by the number of rows. Of a UNet's layers, those that see a single row for each picture (its time, and what
SDXL adds to it) round differently as soon as there are more of them; convolutions do when a thread gets more than eight, or a
single one. That moves their output by some units in its last place, and guidance multiplies it. So those layers take picture by
picture, the others as many as is safe, and pictures without guidance, which are single rows, go by themselves. On a GPU all
kernels are chosen so, and batches stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

#: rows of a batch for each thread; seen with oneDNN's convolutions
ROWS_OF_A_THREAD = 8

Rows = list[int]


@contextmanager
def in_lockstep(pipe: Any) -> Iterator[None]:
    """Have the pipeline's network treat each picture as if it were alone meanwhile, if it is on a processor.

    The pipeline is one with per-sample guidance: its batch is all negatives and then all positives, or positives alone.
    """
    if pipe.device.type != "cpu":
        yield
        return
    network = _Network(pipe.unet, pipe.scales.flatten().tolist())
    for layer in network.layers:
        layer.forward = network.picture_by_picture(layer)
    pipe.unet.forward = network.forward
    slicing, pipe.vae.use_slicing = pipe.vae.use_slicing, True  # the decoder takes them one after the other
    try:
        yield
    finally:
        pipe.vae.use_slicing = slicing
        for module in (pipe.unet, *network.layers):
            del module.forward  # which the class's own stands behind


class _Network:
    """What stands for the UNet's own forward, and for that of some of its layers."""

    def __init__(self, unet: Any, scales: Sequence[float]) -> None:
        self._together = unet.forward
        self._guided = [number for number, scale in enumerate(scales) if scale > 1]
        self._unguided = [number for number, scale in enumerate(scales) if scale <= 1]
        self._num_pictures = len(scales)
        #: how many pictures are in the part of the batch that is on its way
        self._present = 1
        single = [
            part for name in ("time_embedding", "add_embedding") if (part := getattr(unet, name, None)) is not None
        ]
        layers = {layer for part in single for layer in part.modules() if isinstance(layer, torch.nn.Linear)}
        self.layers = [*layers, *(one for name, one in unet.named_modules() if name.endswith("time_emb_proj"))]

    def forward(self, sample: torch.Tensor, *args: Any, return_dict: bool = True, **kwargs: Any) -> tuple[torch.Tensor]:
        assert not return_dict  # as pipelines call it
        predicted = torch.empty_like(sample)

        def predict(rows: Rows, pictures: int) -> torch.Tensor:
            self._present = pictures
            (part,) = self._together(sample[rows], *args, return_dict=False, **_taken(kwargs, rows, len(sample)))
            predicted[rows] = part
            return part

        positives = len(sample) - self._num_pictures
        for pictures in _parts(self._guided):
            predict([*pictures, *(number + positives for number in pictures)], len(pictures))
        for number in self._unguided:
            # where others are guided, the positive stands for the negative too, and their difference is nothing
            predicted[number] = predict([number + positives], 1)[0]
        return (predicted,)

    def picture_by_picture(self, layer: torch.nn.Linear) -> Callable[[torch.Tensor], torch.Tensor]:
        whole = layer.forward

        def forward(values: torch.Tensor) -> torch.Tensor:
            made = [whole(values[number :: self._present]) for number in range(self._present)]
            return torch.stack(made, dim=1).flatten(0, 1)

        return forward


def _parts(pictures: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many together as is safe; each has two rows."""
    size = ROWS_OF_A_THREAD * torch.get_num_threads() // 2
    for first in range(0, len(pictures), size):
        yield pictures[first : first + size]


def _taken(value: Any, rows: Rows, num_rows: int) -> Any:
    """The same for some rows of a batch, whatever it is made of."""
    if isinstance(value, dict):
        return {name: _taken(one, rows, num_rows) for name, one in value.items()}
    is_batched = isinstance(value, torch.Tensor) and value.ndim > 0 and len(value) == num_rows
    return value[rows] if is_batched else value
