"""Which examples are learned from, chosen by, and tested on: by document, by class, or by time, from a seed.

Text is split by whole documents, never by random windows: neighbouring windows share names and phrases, and a
model that saw one of them looks better on the other than it is. Shares are 80, 10 and 10 percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import DataError

__all__ = [
    "HELD_OUT_SHARE",
    "SPLITS",
    "Indices",
    "check_limit",
    "keep_some",
    "seeded_generator",
    "split_by_class",
    "split_documents",
    "split_in_order",
]

SPLITS = ("train", "validation", "test")
HELD_OUT_SHARE = 0.1
# A held-out part stops growing here: filling the last gap would pull in the shortest documents of the corpus.
_FULL_ENOUGH = 0.9

Indices: TypeAlias = dict[str, npt.NDArray[np.int64]]


def seeded_generator(seed: int, *purpose: int) -> np.random.Generator:
    """A random generator of its own for each purpose.

    Args:
        seed: the seed of the user, 0 or more.
        purpose: numbers that tell purposes apart (also an epoch and an index).

    Returns:
        The generator.

    Raises:
        DataError: the seed is no integer of 0 or more.

    Example:
        >>> first, again, other = (seeded_generator(0, purpose).random() for purpose in (1, 1, 2))
        >>> first == again != other
        True
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise DataError(f"seed must be an integer of 0 or more, got {seed!r}: pass e.g. seed=0")
    return np.random.default_rng([int(seed), *purpose])


def split_documents(sizes: Sequence[int], *, seed: int = 0) -> Indices:
    """Split documents so that validation and test hold about a tenth of the text each.

    The documents are visited in random order. Each goes to the test part, else to validation, if that part
    still has room for it, else to training. So a document of more than a tenth of the corpus is always
    learned from. Where no document is small enough, a held-out part gets the smallest one that is left.

    Args:
        sizes: the length of each document, in characters.
        seed: seed of the order.

    Returns:
        Ascending document numbers under ``"train"``, ``"validation"`` and ``"test"``, at least one each.

    Raises:
        DataError: fewer than three documents, an empty one, or a bad seed.

    Example:
        >>> {name: len(part) for name, part in split_documents([100] * 50, seed=0).items()}
        {'train': 40, 'validation': 5, 'test': 5}
    """
    if len(sizes) < len(SPLITS):
        raise DataError(
            f"{len(sizes)} document(s) cannot be split: training, validation and test need one each, so at "
            f"least {len(SPLITS)}; add files, or pass one longer file, which is cut into sections"
        )
    if min(sizes) < 1:
        raise DataError("a document of 0 characters cannot be split off: leave empty documents out")
    room = HELD_OUT_SHARE * sum(sizes)
    order = seeded_generator(seed, 1).permutation(len(sizes)).tolist()
    held: dict[str, list[int]] = {"test": [], "validation": []}
    for still_empty, part in ((2, held["test"]), (1, held["validation"])):
        filled = 0
        for index in list(order):
            if filled >= _FULL_ENOUGH * room or len(order) == still_empty:
                break
            if filled + sizes[index] <= room:
                part.append(index)
                order.remove(index)
                filled += sizes[index]
        if not part:
            smallest = min(order, key=lambda index: sizes[index])
            part.append(smallest)
            order.remove(smallest)
    return _ascending(order, held["validation"], held["test"])


def split_by_class(classes: Sequence[Any] | npt.NDArray[Any], *, seed: int = 0) -> Indices:
    """Split examples so that each class keeps its share in every part (stratified).

    Args:
        classes: the class of each example. One class for all gives a plain random split.
        seed: seed of the shuffle within each class.

    Returns:
        Ascending example numbers under ``"train"``, ``"validation"`` and ``"test"``; each class has at least
        one example in each part.

    Raises:
        DataError: a class has fewer than three examples, there is none, or the seed is bad.

    Example:
        >>> {name: len(part) for name, part in split_by_class([0] * 90 + [1] * 10).items()}
        {'train': 80, 'validation': 10, 'test': 10}
    """
    values, membership = np.unique(np.asarray(classes), return_inverse=True)
    if len(values) == 0:
        raise DataError("0 examples cannot be split; at least 3 are needed, one for each part: add rows")
    generator = seeded_generator(seed, 2)
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for number, value in enumerate(values):
        members = generator.permutation(np.flatnonzero(membership == number)).tolist()
        if len(members) < len(SPLITS):
            raise DataError(
                f"class {value!s} has {len(members)} example(s) and needs at least {len(SPLITS)}, one for "
                "each of training, validation and test: add examples, or drop or merge the class"
            )
        held = max(1, round(HELD_OUT_SHARE * len(members)))
        parts[2].extend(members[:held])
        parts[1].extend(members[held : 2 * held])
        parts[0].extend(members[2 * held :])
    return _ascending(*parts)


def split_in_order(count: int) -> dict[str, tuple[int, int]]:
    """Split a series by time: the first 80 percent, the next 10, the last 10.

    Args:
        count: number of time steps.

    Returns:
        First step and the step after the last one of each part.

    Raises:
        DataError: fewer than ten steps.

    Example:
        >>> split_in_order(100)
        {'train': (0, 80), 'validation': (80, 90), 'test': (90, 100)}
    """
    if count < 10:
        raise DataError(
            f"a series of {count} steps cannot be split in time order; at least 10 steps are needed"
        )
    held = round(HELD_OUT_SHARE * count)
    first, second = count - 2 * held, count - held
    return {"train": (0, first), "validation": (first, second), "test": (second, count)}


def check_limit(limit: int | None) -> None:
    """Check a limit on the number of documents, examples or steps.

    Args:
        limit: the limit, or None for none.

    Raises:
        DataError: it is neither None nor an integer of at least three.

    Example:
        >>> check_limit(100)
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < len(SPLITS)):
        raise DataError(f"limit must be None or an integer of at least {len(SPLITS)}, got {limit!r}")


def keep_some(
    classes: Sequence[Any] | npt.NDArray[Any], limit: int | None, *, seed: int = 0
) -> npt.NDArray[np.int64]:
    """Choose a part of the examples, each class in proportion.

    Args:
        classes: the class of each example; one class for all gives a plain random choice.
        limit: about how many examples to keep, None for all. Each class keeps at least three, so that it can
            be split.
        seed: seed of the choice.

    Returns:
        Ascending example numbers.

    Raises:
        DataError: the limit is no integer of at least 3, or the seed is bad.

    Example:
        >>> len(keep_some([0] * 900 + [1] * 100, 50))
        50
    """
    check_limit(limit)
    values, membership = np.unique(np.asarray(classes), return_inverse=True)
    if limit is None or len(membership) == 0:
        return np.arange(len(membership), dtype=np.int64)
    share = min(1.0, limit / len(membership))
    generator = seeded_generator(seed, 4)
    kept: list[int] = []
    for number in range(len(values)):
        members = generator.permutation(np.flatnonzero(membership == number))
        kept.extend(members[: max(len(SPLITS), round(share * len(members)))].tolist())
    return np.array(sorted(kept), dtype=np.int64)


def _ascending(train: list[int], validation: list[int], test: list[int]) -> Indices:
    """The three parts as sorted arrays."""
    parts = zip(SPLITS, (train, validation, test), strict=True)
    return {name: np.array(sorted(part), dtype=np.int64) for name, part in parts}
