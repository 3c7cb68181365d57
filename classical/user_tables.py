"""What a CSV file of the user is: labeled texts, a table, or a series."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .data_splits import check_limit
from .errors import DataError
from .table_columns import column_values, read_csv
from .table_data import build_table_data
from .task_data import TaskData
from .text_classification import text_classification_data
from .time_series import forecast_data

__all__ = ["csv_data"]


def csv_data(
    path: str | Path,
    *,
    task: str | None = None,
    tokenizer: str | None = None,
    vocab_size: int | None = None,
    sequence_length: int | None = None,
    label: str = "label",
    horizon: int | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> TaskData:
    r"""Read a CSV file in one of three ways.

    With a ``horizon``, the column ``label`` is a series in order of time. Where ``text`` is the only other
    column, its texts are classified. Otherwise the column is predicted from all others.

    Args:
        path: the file, UTF-8 with a line of column names.
        task: ``"sequence_classification"`` or ``"regression"``; None lets the label decide.
        tokenizer: ``"characters"`` (the default) or ``"bpe"``, for texts.
        vocab_size: number of tokens for ``"bpe"``, for texts.
        sequence_length: tokens of a text, or steps of history, 48 if None.
        label: the column to predict.
        horizon: steps to forecast.
        limit: about how many rows to use; for a series, the latest ones.
        seed: seed of split and limit.

    Returns:
        The data.

    Raises:
        DataError: the file, the column or a setting does not fit.

    Example:
        >>> rows = "\n".join(f"{n},{n % 7},{'yes' if n % 2 else 'no'}" for n in range(40))
        >>> _ = Path("visits.csv").write_text("hour,pages,label\n" + rows, encoding="utf-8")
        >>> csv_data("visits.csv").labels
        ('no', 'yes')
    """
    name = Path(path).name
    table = read_csv(path)
    values = column_values(table, label, name)
    others = [column for column in table.columns if column != label]
    if horizon is not None:
        _refuse(f"{name} with a horizon", {"tokenizer": tokenizer, "vocab_size": vocab_size})
        if task not in (None, "regression"):
            raise DataError(f"a forecast is a regression, not {task!r}: leave task or horizon out")
        check_limit(limit)
        try:
            series = values.to_numpy(dtype=float)[-(limit or 0) :]
        except (ValueError, TypeError) as problem:
            raise DataError(
                f"{name}, column {label!r} holds no numbers, so it cannot be forecast"
            ) from problem
        length = 48 if sequence_length is None else sequence_length
        return forecast_data(name, series, sequence_length=length, horizon=horizon)
    if others == ["text"]:
        if task not in (None, "sequence_classification"):
            raise DataError(f"{name} holds texts and labels; legal is sequence_classification, got {task!r}")
        return text_classification_data(
            name,
            column_values(table, "text", name).astype(str).tolist(),
            values.astype(str).tolist(),
            tokenizer="characters" if tokenizer is None else tokenizer,
            vocab_size=vocab_size,
            sequence_length=sequence_length,
            limit=limit,
            seed=seed,
        )
    text_settings = {"tokenizer": tokenizer, "vocab_size": vocab_size, "sequence_length": sequence_length}
    _refuse(f"{name}, a table with the columns {', '.join(map(str, others))},", text_settings)
    return build_table_data(name, table, label=label, task=task, limit=limit, seed=seed)


def _refuse(what: str, settings: Mapping[str, object]) -> None:
    """Settings that have no meaning here are an error, not ignored."""
    if given := [name for name, value in settings.items() if value is not None]:
        raise DataError(
            f"{what} does not take {', '.join(given)}: leave it out (texts need the columns text, label)"
        )
