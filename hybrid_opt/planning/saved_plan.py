"""A plan that was saved as JSON, read back as far as a report needs it: figures, lines, notes and tables."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import OptionError
from ..reports import Drawing, Note, Section, Table, allocation_bars

__all__ = ["SavedPlan", "read_saved_plan"]

_AFTER_FIGURES = ("kind", "method", "step")
_TITLES = {
    "limits": "What one more step of each limit brings",
    "gaps": "How sure is it",
    "shares": "Who gets how much",
    "exact_methods": "Other exact methods",
}


@dataclass(frozen=True, eq=False)
class SavedPlan:
    """A plan as it was written by ``to_json``.

    Attributes:
        content: the JSON values.
        origin: where they come from, for messages.
    """

    content: Mapping[str, Any]
    origin: str

    @property
    def kind(self) -> str:
        """What the plan is called, e.g. "Budget plan"."""
        return str(self.content.get("kind", "Plan"))

    @property
    def notes(self) -> list[str]:
        """What the reader should know."""
        return [str(note) for note in self.content.get("notes", ())]

    @property
    def status(self) -> str:
        """"optimal" where the plan is proven best."""
        return str(self.content.get("status", ""))

    def figures(self) -> dict[str, Any]:
        """Headline figures: what stands before the plan's kind and method."""
        found: dict[str, Any] = {}
        for key, value in self.content.items():
            if key in _AFTER_FIGURES and found:
                break
            if isinstance(value, dict) and {"from", "to", "true"} <= set(value):
                value = value["from"] if value["true"] is None else value["true"]  # an interval of reach
            if key not in _AFTER_FIGURES and (value is None or isinstance(value, int | float | str)):
                found[key] = value
        return found

    def rows(self) -> tuple[str, list[Mapping[str, Any]]]:
        """The lines of the plan: the word for them, and one mapping each; empty where there are none."""
        for key, value in self.content.items():
            rows = isinstance(value, list) and value and all(isinstance(row, dict) and row for row in value)
            if rows and ("plan" in value[0] or "share" in value[0]):
                return key, value
        return "", []

    def allocation(self) -> dict[str, float]:
        """Name of the line -> what it gets."""
        _, rows = self.rows()
        found = {}
        for row in rows:
            amount = row.get("plan", row.get("share"))
            if isinstance(amount, int | float):
                found[str(next(iter(row.values())))] = float(amount)
        return found

    def sections(self) -> list[Section]:
        """Its tables and bars, and its notes."""
        parts: list[Any] = []
        word, lines = self.rows()
        bars = _bars(lines)
        if bars is not None:
            parts.append(Drawing(bars, "Today and the plan; the line is the allowed range."))
        for key, value in self.content.items():
            table = _table(value, _TITLES.get(key, key.replace("_", " ").capitalize()))
            if table is not None:
                parts.insert(0, table) if key == word else parts.append(table)
        return [Section("The plan", [*parts, *(Note(note) for note in self.notes)])]


def read_saved_plan(path: str | os.PathLike[str]) -> SavedPlan:
    """Read a plan from a file that ``to_json`` or ``hybrid-opt plan ... --json`` wrote.

    Args:
        path: a .json file.

    Returns:
        The plan.

    Raises:
        OptionError: no such file, no JSON, or JSON that is no plan.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "budget.json"
        ...     _ = file.write_text('{"response": 5.0, "status": "optimal", "method": "MILP", "notes": []}')
        ...     read_saved_plan(file).figures()
        {'response': 5.0, 'status': 'optimal'}
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise OptionError(f"{path} cannot be read ({error.strerror}); give a plan saved as JSON") from error
    except UnicodeDecodeError as error:
        raise OptionError(f"{path} is no text; give a plan saved as JSON") from error
    except json.JSONDecodeError as error:
        raise OptionError(
            f"{path}, line {error.lineno}: no JSON ({error.msg}); save the plan with to_json() or --json"
        ) from error
    except RecursionError as error:
        raise OptionError(f"{path} is nested too deeply for a plan; save the plan with to_json()") from error
    if not isinstance(content, dict) or "status" not in content or not isinstance(content.get("notes"), list):
        raise OptionError(
            f"{path} holds no plan (a status and a list of notes are missing); save a plan with to_json()"
        )
    return SavedPlan(content, str(path))


def _table(value: Any, title: str) -> Table | None:
    """A list of rows with plain values as a table."""
    if not isinstance(value, list) or not value or not all(isinstance(row, dict) and row for row in value):
        return None
    columns = [
        key
        for key in value[0]
        if all(row.get(key) is None or isinstance(row.get(key), int | float | str) for row in value)
    ]
    if not columns:
        return None
    return Table(columns, [[_cell(row.get(key)) for key in columns] for row in value], title=title)


def _cell(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _bars(rows: list[Mapping[str, Any]]) -> str | None:
    """Bars of today and plan, where every line tells both and its range."""
    needed = ("today", "plan", "lowest", "highest")
    numbers = [[row.get(key) for key in needed] for row in rows]
    if not rows or not all(isinstance(cell, int | float) for row in numbers for cell in row):
        return None
    today, plan, lowest, highest = np.array(numbers, dtype=np.float64).T
    labels = [str(next(iter(row.values()))) for row in rows]
    return allocation_bars(
        labels, today.tolist(), plan.tolist(), np.minimum(lowest, today).tolist(),
        np.maximum(highest, today).tolist(), x_title="Amount",
    )  # fmt: skip
