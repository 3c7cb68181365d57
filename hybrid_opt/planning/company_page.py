"""All plans of a company on one page that opens offline: warnings first, then a summary, then each plan."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import OptionError
from ..reports import Card, Heading, Note, Page, Section, Table, write_page
from .comparison import compare
from .plan_summary import gains, summary_table

__all__ = ["combined_report"]

_NEEDED = ("figures", "allocation", "sections")


def combined_report(
    plans: Mapping[str, Any] | Sequence[Any], path: str | os.PathLike[str], *, title: str = "All plans"
) -> Path:
    """Write one page with all plans.

    Args:
        plans: name -> plan, or a list (they are then called after their kind); solved plans of
            ``marketing`` or ``business``, shared budgets, or plans read back by ``read_saved_plan``.
        path: where; an older file is replaced, whole or not at all.
        title: heading of the page.

    Returns:
        The path.

    Raises:
        OptionError: no plan, something else than a plan, or the file cannot be written there.

    Example:
        >>> import tempfile
        >>> from hybrid_opt.planning.saved_plan import SavedPlan
        >>> plan = SavedPlan({"response": 5.0, "status": "optimal", "method": "MILP", "notes": []}, "here")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     combined_report({"ads": plan}, Path(folder) / "all.html").name
        'all.html'
    """
    named = _named(plans)
    figures = {name: dict(plan.figures()) for name, plan in named.items()}
    warnings = [Note(text) for name, plan in named.items() for text in _warnings(name, plan, figures[name])]
    notes = [Note(text) for text in _notes(named)]
    summary: list[Any] = [summary_table(figures)]
    sections = [
        Section("Warnings", warnings or ["None: each plan is proven best on its grid, none loses on today."]),
        *([Section("Notes", notes)] if notes else []),
        Section("All plans", summary),
        *_compared(named),
        *(Section(name, _parts(plan)) for name, plan in named.items()),
    ]
    proven = sum(_is_proven(plan) for plan in named.values())
    kinds = ", ".join(dict.fromkeys(_kind(plan) for plan in named.values()))
    cards = [
        Card("Plans", str(len(named)), kinds),
        Card("Proven best", f"{proven} of {len(named)}", "on the steps that were given"),
        Card("Better than today", *_better(figures)),
    ]
    page = Page(
        title,
        subtitle=f"{len(named)} plan{'' if len(named) == 1 else 's'} with proof, reasons and alternatives",
        cards=cards,
        sections=sections,
        footer="Computed by hybrid_opt. Outcomes come from the tables that were given; they are no forecast"
        " of their own. No quantum advantage is claimed.",
    )
    return write_page(page, path)


def _named(plans: Any) -> dict[str, Any]:
    if isinstance(plans, Mapping):
        named = {str(name): plan for name, plan in plans.items()}
    elif isinstance(plans, Sequence) and not isinstance(plans, str):
        named = {}
        for plan in plans:
            kind = _kind(plan)
            same = sum(name == kind or name.startswith(f"{kind} ") for name in named)
            named[f"{kind} {same + 1}" if same else kind] = plan
    else:
        raise OptionError(f"plans is a {type(plans).__name__}; give name -> plan, or a list of plans")
    if not named:
        raise OptionError("there is no plan to report; give at least one")
    for name, plan in named.items():
        if not all(callable(getattr(plan, method, None)) for method in _NEEDED):
            raise OptionError(
                f"{name!r} is a {type(plan).__name__}; give solved plans, or saved ones read back"
            )
    return named


def _kind(plan: Any) -> str:
    """What the plan is called: its own word, or that of its task."""
    words = getattr(plan, "words", None)
    return str(getattr(plan, "kind", None) or getattr(words, "title", None) or type(plan).__name__)


def _is_proven(plan: Any) -> bool:
    return str(plan.status).startswith("optimal")


def _warnings(name: str, plan: Any, figures: Mapping[str, Any]) -> list[str]:
    """What is not proven, or worse than today."""
    found = []
    if not _is_proven(plan):
        gap = figures.get("gap")
        how = f"it may be {gap:.2%} below the best" if isinstance(gap, int | float) else "it has no bound"
        found.append(f"{name} is not proven best: {how}.")
    if "target" in figures:
        return found  # the least money for a target: less than today was asked for
    found += [
        f"{name}: {figure} is {value:,.6g} in the plan, {today:,.6g} today."
        for figure, today, value in gains(figures)
        if value < today - 1e-9 * max(1.0, abs(today))
    ]
    return found


def _notes(named: Mapping[str, Any]) -> list[str]:
    """What the plans note, each once with the names of the plans."""
    said: dict[str, list[str]] = {}
    for name, plan in named.items():
        for note in plan.notes:
            said.setdefault(str(note), []).append(name)
    return [f"{', '.join(names)}: {note}" for note, names in said.items()]


def _better(figures: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    known = [own for of in figures.values() if (own := gains(of))]
    better = sum(own[0][2] > own[0][1] for own in known)
    return f"{better} of {len(known)}", "whose figure of today is known"


def _compared(named: Mapping[str, Any]) -> list[Section]:
    """Plans of one kind side by side."""
    kinds: dict[str, dict[str, Any]] = {}
    for name, plan in named.items():
        kinds.setdefault(_kind(plan), {})[name] = plan
    tables = []
    for kind, own in kinds.items():
        if len(own) > 1:
            frame = compare(own)
            cells = zip(frame.index, frame.to_numpy())
            rows = [[str(label), *(_cell(cell) for cell in row)] for label, row in cells]
            tables.append(Table(["", *own], rows, title=kind))
    return [Section("Plans of one kind compared", tables)] if tables else []


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return "-"
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value)


def _parts(plan: Any) -> list[Any]:
    """The parts of all of a plan's sections, the notes aside, which stand at the top of the page."""
    parts: list[Any] = []
    notes = set(plan.notes)
    for section in plan.sections():
        own = [part for part in section.parts if not (isinstance(part, Note) and part.text in notes)]
        if own:
            parts += [Heading(section.heading), *own]
    return parts
