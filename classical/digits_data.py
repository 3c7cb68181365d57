"""The handwritten digits that ship with scikit-learn, as tokens or as patches: a fast test of encoders.

Shapes: N images (1,797) of 8 x 8 pixels with 17 levels 0 to 16.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .data_hashing import content_hash
from .data_splits import SPLITS, keep_some, split_by_class
from .example_dataset import ExampleDataset
from .optional_libraries import load_library
from .task_data import TaskData
from .text_classification import class_counts_note

__all__ = ["digit_patches_data", "digit_tokens_data", "image_patches"]

_LEVELS = 17


def digit_tokens_data(*, limit: int | None = None, seed: int = 0) -> TaskData:
    """Digits as 64 tokens, one for each pixel, row by row; the number of a token is the level of the pixel.

    Args:
        limit: about how many images to keep; None for all.
        seed: seed of split and limit.

    Returns:
        The data, with ``input_ids`` (64,) in 0..16 and labels 0..9.

    Raises:
        MissingTransformerError: scikit-learn is not installed.
        DataError: a bad limit or seed.

    Example:
        >>> data = digit_tokens_data(limit=100)
        >>> data.vocab_size, data.train[0]["input_ids"].shape
        (17, torch.Size([64]))
    """
    pixels, labels = _images()
    return _digits("digits", {"input_ids": pixels.flatten(1)}, labels, limit, seed)


def digit_patches_data(*, limit: int | None = None, seed: int = 0) -> TaskData:
    """Digits as 16 patches of 2 x 2 pixels: four numbers at each position.

    Levels are scaled to -1..1 by their known range, so nothing is learned from held-out images.

    Args:
        limit: about how many images to keep; None for all.
        seed: seed of split and limit.

    Returns:
        The data, with ``input_values`` (16, 4) and labels 0..9.

    Raises:
        MissingTransformerError: scikit-learn is not installed.
        DataError: a bad limit or seed.

    Example:
        >>> data = digit_patches_data(limit=100)
        >>> data.value_width, data.train[0]["input_values"].shape
        (4, torch.Size([16, 4]))
    """
    pixels, labels = _images()
    values = image_patches(pixels.float() / ((_LEVELS - 1) / 2) - 1, 2)
    return _digits("digit_patches", {"input_values": values}, labels, limit, seed)


def image_patches(images: Tensor, side: int) -> Tensor:
    """Cut square images into square patches, row by row.

    Args:
        images: (N, R, R), R a multiple of the side.
        side: pixels on one side of a patch.

    Returns:
        (N, (R / side)^2, side^2).

    Example:
        >>> image_patches(torch.arange(16).reshape(1, 4, 4), 2)[0].tolist()
        [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    """
    count, rows, _ = images.shape
    across = rows // side
    grid = images.reshape(count, across, side, across, side).permute(0, 1, 3, 2, 4)
    return grid.reshape(count, across * across, side * side)


def _images() -> tuple[Tensor, Tensor]:
    """Pixels (N, 8, 8) and labels (N,), both whole numbers."""
    bundle = load_library("sklearn.datasets", "ml").load_digits()
    return torch.from_numpy(bundle.images.astype(np.int64)), torch.from_numpy(bundle.target.astype(np.int64))


def _digits(name: str, inputs: dict[str, Tensor], labels: Tensor, limit: int | None, seed: int) -> TaskData:
    """Split by class; the same images fall into the same part in both forms."""
    kept = torch.from_numpy(keep_some(labels.numpy(), limit, seed=seed))
    columns = {key: column[kept] for key, column in {**inputs, "labels": labels}.items()}
    split = split_by_class(columns["labels"].numpy(), seed=seed)
    parts = {part: ExampleDataset({key: col[split[part]] for key, col in columns.items()}) for part in SPLITS}
    (examples,) = inputs.values()
    tokens = "input_ids" in inputs
    return TaskData(
        name=name,
        task="sequence_classification",
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        sequence_length=examples.shape[1],
        hash=content_hash(columns, split),
        vocab_size=_LEVELS if tokens else None,
        value_width=None if tokens else examples.shape[2],
        labels=tuple(str(digit) for digit in range(10)),
        notes=(
            "UCI optical recognition of handwritten digits, test part (1,797 images), from scikit-learn",
            class_counts_note(columns["labels"].tolist()),
            "split by image; writers are not known, so the same hand can be in two parts",
        ),
    )
