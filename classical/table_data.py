"""Tables as input of an encoder: each column is a position that holds one number.

Shapes: N rows, T columns of numbers; an example is (T, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from .data_hashing import content_hash
from .data_splits import SPLITS, keep_some, split_by_class
from .errors import DataError
from .example_dataset import ExampleDataset
from .optional_libraries import load_library
from .table_columns import column_values, numeric_columns, standardize
from .task_data import TaskData
from .text_classification import class_counts_note

__all__ = ["TABLE_TASKS", "build_table_data", "bundled_table_data"]

TABLE_TASKS = ("sequence_classification", "regression")
# A column of numbers with more different values than this, or with fractions, is an amount, not a class.
_MOST_CLASSES = 20


def bundled_table_data(name: str, *, limit: int | None = None, seed: int = 0) -> TaskData:
    """A table that ships with scikit-learn.

    Args:
        name: ``"breast_cancer"`` (569 rows, 30 columns, 2 classes) or ``"wine"`` (178 rows, 13 columns, 3
            classes).
        limit: about how many rows to keep; None for all.
        seed: seed of split and limit.

    Returns:
        The data.

    Raises:
        DataError: another name, or a bad limit or seed.
        MissingTransformerError: scikit-learn is not installed.

    Example:
        >>> bundled_table_data("wine").train[0]["input_values"].shape
        torch.Size([13, 1])
    """
    if name not in ("breast_cancer", "wine"):
        raise DataError(f"unknown table {name!r}; legal are breast_cancer, wine")
    bundle = getattr(load_library("sklearn.datasets", "ml"), f"load_{name}")()
    table = pd.DataFrame(bundle.data, columns=[str(column) for column in bundle.feature_names])
    table["label"] = np.asarray(bundle.target_names)[bundle.target].astype(object)
    return build_table_data(name, table, limit=limit, seed=seed, notes=("table from scikit-learn",))


def build_table_data(
    name: str,
    table: pd.DataFrame,
    *,
    label: str = "label",
    task: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> TaskData:
    """Predict one column of a table from the others.

    Measured columns are standardized by mean and deviation of the training rows. Text columns become one
    column of 0 and 1 for each value.

    Args:
        name: name of the data.
        table: rows and columns, without empty cells.
        label: the column to predict.
        task: ``"sequence_classification"`` or ``"regression"``. None takes regression for a column of numbers
            with fractions or with more than 20 different values, otherwise classification.
        limit: about how many rows to keep; None for all.
        seed: seed of split and limit.
        notes: what the source has to say.

    Returns:
        The data. Targets of regression are standardized, see ``target_scaling``.

    Raises:
        DataError: no such column, empty cells, unusable columns, wrong task, too few rows.

    Example:
        >>> table = pd.DataFrame({"size": range(30), "label": ["small"] * 15 + ["large"] * 15})
        >>> build_table_data("sizes", table).labels
        ('large', 'small')
    """
    source = f"table {name}"
    target = column_values(table, label, source)
    task = _task(target, task, source)
    classes = target.astype(str).to_numpy() if task == "sequence_classification" else np.zeros(len(target))
    kept = keep_some(classes, limit, seed=seed)
    table, target, classes = table.iloc[kept], target.iloc[kept], classes[kept]
    values, columns, measured = numeric_columns(table.drop(columns=label), source)
    split = split_by_class(classes, seed=seed)
    scaled, _, _ = standardize(values, split["train"])
    scaled = np.where(measured, scaled, values)
    names, targets, scaling = _targets(task, label, target, classes, split["train"])
    inputs = torch.from_numpy(scaled[:, :, None].astype(np.float32))
    parts = {
        part: ExampleDataset({"input_values": inputs[split[part]], "labels": targets[split[part]]})
        for part in SPLITS
    }
    return TaskData(
        name=name,
        task=task,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        sequence_length=inputs.shape[1],
        hash=content_hash(columns, label, values, target.astype(str).tolist(), split),
        value_width=1,
        labels=names,
        notes=(*notes, *_notes(table, task, target, columns, values, measured)),
        target_scaling=scaling,
    )


def _task(target: pd.Series, task: str | None, source: str) -> str:
    """The task that is asked for, or that fits the column."""
    numeric = pd.api.types.is_numeric_dtype(target) and not pd.api.types.is_bool_dtype(target)
    if task is None:
        amounts = numeric and (target.nunique() > _MOST_CLASSES or bool((target % 1 != 0).any()))
        return "regression" if amounts else "sequence_classification"
    if task not in TABLE_TASKS:
        raise DataError(f"{source}: legal tasks are {', '.join(TABLE_TASKS)}, got {task!r}")
    if task == "regression" and not numeric:
        raise DataError(
            f"{source}: column {target.name!r} holds no numbers, so it cannot be a regression target"
        )
    if task == "sequence_classification" and target.nunique() < 2:
        raise DataError(f"{source}: column {target.name!r} has one value only; at least 2 classes are needed")
    return task


def _targets(
    task: str, label: str, target: pd.Series, classes: npt.NDArray[Any], rows: npt.NDArray[np.int64]
) -> tuple[tuple[str, ...], Tensor, tuple[float, float] | None]:
    """Names of the outputs, targets (N,) or (N, 1), and how numbers were scaled."""
    if task == "regression":
        if target.nunique() < 2:
            raise DataError(f"column {label!r} has one value only ({target.iloc[0]}): nothing to predict")
        scaled, mean, deviation = standardize(target.to_numpy(dtype=float)[:, None], rows)
        return (label,), torch.from_numpy(scaled.astype(np.float32)), (float(mean[0]), float(deviation[0]))
    names, numbers = np.unique(classes.astype(str), return_inverse=True)
    if len(names) < 2:
        raise DataError(f"column {label!r} has one value only ({names[0]}); at least 2 classes are needed")
    return tuple(map(str, names)), torch.from_numpy(numbers.astype(np.int64)), None


def _notes(
    table: pd.DataFrame,
    task: str,
    target: pd.Series,
    columns: list[str],
    values: npt.NDArray[np.float64],
    measured: npt.NDArray[np.bool_],
) -> list[str]:
    """What a reader of results has to know about the table."""
    notes = ["split by row" + (", each class in proportion" if task != "regression" else "")]
    notes.append(f"{int(measured.sum())} column(s) standardized on training rows: one position each")
    if indicators := [name for name, number in zip(columns, measured, strict=True) if not number]:
        notes.append(f"{len(indicators)} column(s) of 0 and 1 for categories: {', '.join(indicators)}")
    if constant := [columns[number] for number in np.flatnonzero(np.ptp(values, axis=0) == 0)]:
        notes.append(f"constant, so without use: {', '.join(constant)}")
    if doubled := int(table.duplicated().sum()):
        notes.append(f"{doubled} row(s) repeat an earlier one, so the same row can stand in two parts")
    if task != "regression":
        notes.append(class_counts_note(target.astype(str).tolist()))
    return notes
