"""Broken checkpoints: what is wrong with which folder, instead of a model half filled with noise.

transformers fills whatever a file lacks with fresh weights and writes a report to its log. That is right for
a new head on a known trunk; where a file does not hold the model that was saved into it, it is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from .configuration import DistanceTransformerConfig
from .errors import CheckpointError
from .transformers_import import PreTrainedConfig, SafetensorError

__all__ = ["check_folder", "check_report", "readable_errors"]


def check_folder(path: str | os.PathLike[str]) -> None:
    """Refuse a path that can only be meant as a folder and does not exist.

    Args:
        path: a folder, or the name of a repository such as "someone/model".

    Raises:
        CheckpointError: an absolute path, or one that starts with a dot, where nothing is.

    Example:
        >>> check_folder("someone/model")
    """
    name = os.fspath(path)
    if (os.path.isabs(name) or name.startswith((".", "~"))) and not Path(name).exists():
        raise CheckpointError(f"there is nothing at {name}; give the folder a model was saved to")


@contextmanager
def readable_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Name the checkpoint where its weights cannot be read.

    Args:
        path: the folder.

    Yields:
        Nothing.

    Raises:
        CheckpointError: a file of weights is truncated or damaged.

    Example:
        >>> with readable_errors("folder"):
        ...     pass
    """
    try:
        yield
    except SafetensorError as problem:
        raise CheckpointError(
            f"the weights in {os.fspath(path)} cannot be read: {problem}. The file is truncated or damaged; "
            "save the model again, or take an earlier checkpoint"
        ) from problem


def check_report(
    path: str | os.PathLike[str], model: Any, report: Mapping[str, Iterable[Any]], *, mismatches: bool
) -> None:
    """Refuse a checkpoint that does not hold the model it says it holds.

    Args:
        path: the folder.
        model: what was built from it.
        report: loading report of transformers, with "missing_keys" and "mismatched_keys".
        mismatches: whether tensors of another shape are an error.

    Raises:
        CheckpointError: tensors of another shape; or tensors missing although folder and model agree in class
            and configuration.

    Example:
        >>> check_report("folder", None, {"missing_keys": (), "mismatched_keys": ()}, mismatches=True)
    """
    wrong = sorted(report["mismatched_keys"])
    if wrong and mismatches:
        lines = [
            f"{name}: {_sizes(stored)} in the file, {_sizes(built)} in the model"
            for name, stored, built in wrong
        ]
        raise CheckpointError(
            f"{os.fspath(path)} holds {len(wrong)} tensors of another shape than its configuration says, or "
            f"than you "
            f"asked for: {_some(lines)}. For a new head on an old trunk give ignore_mismatched_sizes=True"
        )
    missing = sorted(report["missing_keys"])
    if missing and _was_saved_from(Path(os.fspath(path)), model):
        raise CheckpointError(
            f"{os.fspath(path)} lacks {len(missing)} tensors of the {type(model).__name__} that was saved "
            f"there: "
            f"{_some(missing)}. The checkpoint is incomplete; save the model again, or take an earlier one"
        )


def _was_saved_from(folder: Path, model: Any) -> bool:
    """Whether a folder names this class and the very settings of the model."""
    if not (folder / "config.json").is_file():
        return False
    saved = DistanceTransformerConfig.from_pretrained(folder)
    inherited = {field.name for field in fields(PreTrainedConfig)}
    own = {field.name for field in fields(DistanceTransformerConfig)} - inherited | {"num_labels"}
    same = all(getattr(saved, name) == getattr(model.config, name) for name in own)
    return same and type(model).__name__ in saved.architectures


def _sizes(shape: Iterable[int]) -> str:
    """A shape as a text."""
    return "x".join(str(size) for size in shape)


def _some(entries: list[str]) -> str:
    """The first three of a list."""
    return ", ".join(entries[:3]) + (", ..." if len(entries) > 3 else "")
