"""One door to all data: by the name of an offline data set, or by the path of a file or folder."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .digits_data import digit_patches_data, digit_tokens_data
from .errors import DataError
from .names_classification import unicode_names_data
from .sequence_tasks import sequence_task_data
from .table_data import bundled_table_data
from .task_data import TaskData
from .text_data import named_text_data, text_path_data
from .time_series import seasonal_data
from .user_tables import csv_data

__all__ = ["data_names", "load_data"]


@dataclass(frozen=True)
class _Entry:
    """How a data set is made, what it is for, and what one line says about it."""

    make: Callable[..., TaskData]
    tasks: tuple[str, ...]
    contents: str
    needs: str = ""


def _with_name(function: Callable[..., TaskData], name: str | Path) -> Callable[..., TaskData]:
    """A maker that has its data set's name filled in and takes the other settings."""

    def make(**settings: Any) -> TaskData:
        return function(name, **settings)

    # The registry reads from the signature which settings a data set takes.
    signature = inspect.signature(function)
    others = [setting for setting in signature.parameters.values() if setting.kind is setting.KEYWORD_ONLY]
    make.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
    return make


_LANGUAGE = ("causal_lm", "masked_lm")
_CLASSES = ("sequence_classification",)
_PAIRS = ("seq2seq",)
_REGISTERED = {
    "pydoc_topics": _Entry(
        _with_name(named_text_data, "pydoc_topics"), _LANGUAGE, "help topics of CPython, 0.5 MB of English"
    ),
    "standard_library": _Entry(
        _with_name(named_text_data, "standard_library"),
        _LANGUAGE,
        "top-level source files of the standard library, 5 MB",
    ),
    "unicode_names": _Entry(unicode_names_data, _CLASSES, "14,000 character names, 19 scripts, imbalanced"),
    "digits": _Entry(digit_tokens_data, _CLASSES, "1,797 images as 64 tokens of 17 levels", "ml"),
    "digit_patches": _Entry(digit_patches_data, _CLASSES, "1,797 images as 16 patches of 2 x 2 pixels", "ml"),
    "breast_cancer": _Entry(
        _with_name(bundled_table_data, "breast_cancer"), _CLASSES, "569 rows, 30 columns, 2 classes", "ml"
    ),
    "wine": _Entry(_with_name(bundled_table_data, "wine"), _CLASSES, "178 rows, 13 columns, 3 classes", "ml"),
    "reverse": _Entry(
        _with_name(sequence_task_data, "reverse"), _PAIRS, "synthetic: letters in reverse order"
    ),
    "sort": _Entry(_with_name(sequence_task_data, "sort"), _PAIRS, "synthetic: digits in ascending order"),
    "number_words": _Entry(
        _with_name(sequence_task_data, "number_words"), _PAIRS, "synthetic: integers in English words"
    ),
    "decompose": _Entry(
        _with_name(sequence_task_data, "decompose"), _PAIRS, "accented letters in canonical decomposition"
    ),
    "seasonal": _Entry(seasonal_data, ("regression",), "synthetic: daily sales with week, year and trend"),
}


def data_names() -> pd.DataFrame:
    """The data sets that are there without a network.

    Returns:
        One row for each: tasks (the first is the default), contents, settings that ``load_data`` takes for
        it, and the extra of this package that it needs besides ``transformer``.

    Example:
        >>> data_names().loc["digits", "tasks"]
        'sequence_classification'
    """
    known = inspect.signature(load_data).parameters
    rows = [
        {
            "name": name,
            "tasks": ", ".join(entry.tasks),
            "contents": entry.contents,
            "settings": ", ".join(
                setting for setting in inspect.signature(entry.make).parameters if setting in known
            ),
            "needs": entry.needs,
        }
        for name, entry in _REGISTERED.items()
    ]
    return pd.DataFrame(rows).set_index("name")


def load_data(
    source: str | os.PathLike[str],
    *,
    task: str | None = None,
    tokenizer: str | None = None,
    vocab_size: int | None = None,
    sequence_length: int | None = None,
    label: str | None = None,
    horizon: int | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> TaskData:
    """Load, split and encode data.

    ====================================  =============================================================
    source                                what becomes of it
    ====================================  =============================================================
    a name of ``data_names()``            that data set
    a folder, or a ``.txt .md .py`` file  language modelling over its text
    a ``.csv`` with text and label only   text classification
    a ``.csv`` with other columns         prediction of the column ``label``
    a ``.csv`` and a ``horizon``          forecasting of the column ``label``, rows in order of time
    ====================================  =============================================================

    Args:
        source: name or path. A name wins over a file of the same name; write ``./digits`` for a folder.
        task: one of ``TASKS``; None takes the usual one of the source.
        tokenizer: ``"bpe"`` or ``"characters"``; None takes BPE for language modelling and characters for the
            rest.
        vocab_size: number of tokens of ``"bpe"``, 2,048 if None.
        sequence_length: tokens of an example or steps of history; None takes what suits the source.
        label: the column of a CSV file to predict, ``"label"`` if None.
        horizon: number of steps to forecast.
        limit: about how many documents, examples or steps to use; None for all.
        seed: seed of split, masks and made-up data.

    Returns:
        The data.

    Raises:
        DataError: unknown name, missing file, a setting that the source does not take, too little data.
        MissingTransformerError: an optional library is missing.

    Example:
        >>> load_data("sort", limit=100).table()["examples"].tolist()
        [80, 10, 10]
    """
    settings = {
        "task": task,
        "tokenizer": tokenizer,
        "vocab_size": vocab_size,
        "sequence_length": sequence_length,
        "label": label,
        "horizon": horizon,
        "limit": limit,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    if isinstance(source, str) and source in _REGISTERED:
        entry = _REGISTERED[source]
        make, tasks = entry.make, entry.tasks
    else:
        make, tasks = _from_path(source), ()
    taken = inspect.signature(make).parameters
    if "task" in given and "task" not in taken and given.pop("task") not in tasks:
        raise DataError(f"{str(source)!r} is data for {', '.join(tasks)}, not for task {task!r}")
    if foreign := [name for name in given if name not in taken]:
        raise DataError(
            f"{str(source)!r} does not take {', '.join(foreign)}; it takes {', '.join(taken)}: "
            "leave the rest out"
        )
    return make(**given, **({"seed": seed} if "seed" in taken else {}))


def _from_path(source: str | os.PathLike[str]) -> Callable[..., TaskData]:
    """The maker for a file or folder of the user."""
    if not isinstance(source, str | os.PathLike) or not os.fspath(source):
        raise DataError(f"data are named by a name or a path, not by {source!r}; see data_names()")
    path = Path(source)
    if not os.path.exists(path):  # Path.exists raises where a name is too long
        raise DataError(
            f"{str(source)!r} is neither a data set nor a file or folder that exists. Data sets: "
            f"{', '.join(_REGISTERED)}"
        )
    return _with_name(csv_data, path) if path.suffix.lower() == ".csv" else _with_name(text_path_data, path)
