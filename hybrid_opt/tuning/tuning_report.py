"""The page of a search over attention settings, and its pictures."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.trial import TrialState

from ..reports import Card, Drawing, Note, Page, Section, Table, ranges_chart, search_curves, write_page
from ..reports.searches import best_so_far
from .finalists import GIVEN

if TYPE_CHECKING:
    from .tuning_answer import AttentionTuning

__all__ = ["draw_searches", "finalists_table", "settings_table", "value_losses", "write_tuning_report"]

SHOWN = 10  # trials in the table of the best


def draw_searches(tuning: AttentionTuning, png: str | os.PathLike[str] | None = None) -> str:
    """The best loss so far of each search, with the loss of each trial as a dot.

    Args:
        tuning: the answer.
        png: also save a PNG there.

    Returns:
        Inline SVG.
    """
    curves: dict[str, Mapping[str, Any]] = {}
    for name, losses in tuning.losses().items():
        if losses:
            known = [value if math.isfinite(value) else math.inf for value in losses]
            trials = list(range(1, len(losses) + 1))
            curves[name] = {"trials": trials, "best": best_so_far(known), "points": losses}
    return search_curves(curves, y_title="Validation loss, best so far", png=png)


def value_losses(tuning: AttentionTuning) -> list[tuple[str, str, int, float, float]]:
    """What the trials say of each value: setting, value, trials with it, mean and lowest loss.

    Numbers are put together by halves of their range on the axis of the search.

    Args:
        tuning: the answer.

    Returns:
        One row per setting and value.
    """
    from optuna.distributions import CategoricalDistribution

    studies = [tuning.study, *tuning.rivals.values()]
    complete = [
        trial
        for study in studies
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if math.isfinite(trial.values[0])
    ]
    rows = []
    for name, kind in tuning.objective.search_space.items():
        groups: dict[Any, list[float]] = {}
        for trial in complete:
            groups.setdefault(trial.params[name], []).append(trial.values[0])
        if not isinstance(kind, CategoricalDistribution):
            groups = _thirds(groups)
        for value in groups if not isinstance(kind, CategoricalDistribution) else kind.choices:
            losses = groups.get(value, [])
            if losses:
                rows.append((name, _text(value), len(losses), float(np.mean(losses)), min(losses)))
    return rows


def _thirds(groups: dict[Any, list[float]]) -> dict[Any, list[float]]:
    """Numbers in order; many different ones are put together in three ranges."""
    values = sorted(groups)
    if len(values) <= 5:
        return {value: groups[value] for value in values}
    joined: dict[Any, list[float]] = {}
    for part in np.array_split(np.arange(len(values)), 3):
        own = [values[i] for i in part]
        joined[f"{own[0]:.4g} to {own[-1]:.4g}"] = [loss for value in own for loss in groups[value]]
    return joined


def write_tuning_report(tuning: AttentionTuning, path: str | os.PathLike[str]) -> Path:
    """Write the page.

    Args:
        tuning: the answer.
        path: the file.

    Returns:
        The path.

    Raises:
        OptionError: it cannot be written there.
    """
    data, objective = tuning.objective.data, tuning.objective
    complete = len(tuning.losses()[tuning.sampler])
    page = Page(
        title=f"Attention settings for {data.name}",
        subtitle=tuning.verdict,
        cards=_cards(tuning, complete),
        sections=[
            Section("Settings", [settings_table(tuning)]),
            Section("Searches", _searches(tuning)),
            Section("Finalists on fresh seeds", _finalists(tuning)),
            Section("What each value did", [_values(tuning)]),
            Section(f"The {SHOWN} best trials", [_best(tuning)]),
            Section("Notes", [Note(note) for note in tuning.notes]),
        ],
        footer=(
            f"{objective.config.num_hidden_layers} layers, width {objective.config.hidden_size}; trainings "
            f"of {_steps(tuning)}; data {data.name} ({data.hash[:12]}); seed {tuning.seed}"
        ),
    )
    return write_page(page, path)


def _steps(tuning: AttentionTuning) -> str:
    training = tuning.objective.training
    if training.max_steps is not None:
        return f"{training.max_steps} steps of {training.batch_size} examples"
    return f"{training.num_epochs:g} epochs in batches of {training.batch_size}"


def _cards(tuning: AttentionTuning, trials: int) -> list[Card]:
    given = tuning.finalists[0]
    cards = [Card("Trials", str(trials), tuning.sampler)]
    for label, one in (("Test loss as given", given), ("Test loss chosen", tuning.chosen)):
        if one.test:
            cards.append(Card(label, f"{np.mean(one.test):.4f}", f"mean of {len(one.test)} fresh seeds"))
    if tuning.gain is not None:
        cards.append(Card("Gain", f"{tuning.gain[0]:+.4f}", f"± {tuning.gain[1]:.4f} (95 %)"))
    return cards


def settings_table(tuning: AttentionTuning) -> Table:
    """Each tuned setting as given and chosen.

    Args:
        tuning: the answer.

    Returns:
        The table.
    """
    rows = [[row[1], _text(row[2]), _text(row[3])] for row in tuning.settings_table().itertuples()]
    return Table(["Setting", "As given", "Chosen"], rows, note=f"Chosen: {tuning.chosen.name}.")


def _searches(tuning: AttentionTuning) -> list[str | Table | Drawing | Note]:
    parts: list[str | Table | Drawing | Note] = []
    if any(tuning.losses().values()):
        caption = "Each dot is a training; the line is the lowest validation loss so far."
        parts.append(Drawing(draw_searches(tuning), caption))
    if len(tuning.objective.objectives) > 1:
        rows = [
            [f"{trial.number}", *(f"{value:.4g}" for value in trial.values)]
            for trial in tuning.study.best_trials
        ]
        title = "Trials that no other beats in every objective"
        parts.append(Table(["Trial", *tuning.objective.objectives], rows, title=title))
    return parts


def _finalists(tuning: AttentionTuning) -> list[str | Table | Drawing | Note]:
    measured = [one for one in tuning.finalists if one.validation]
    if not measured:
        return [f"Nothing was trained on fresh seeds{' yet' if tuning.interrupted else ''}."]
    text = (
        "Each was trained on the same fresh seeds. The mean validation loss chooses; the test split has been "
        "seen by no step before."
    )
    parts: list[str | Table | Drawing | Note] = [text]
    finite = [one for one in measured if all(map(math.isfinite, one.test))]
    if finite:
        parts.append(
            Drawing(
                ranges_chart(
                    [one.name for one in finite],
                    [float(np.mean(one.test)) for one in finite],
                    [min(one.test) for one in finite],
                    [max(one.test) for one in finite],
                    x_title="Loss on the test split",
                    names=("Mean", "Range over fresh seeds"),
                ),
                "Loss on the test split of each finalist.",
            )
        )
    parts.append(finalists_table(tuning))
    return parts


def finalists_table(tuning: AttentionTuning) -> Table:
    """Each finalist with its losses on fresh seeds.

    Args:
        tuning: the answer.

    Returns:
        The table; it has no row where nothing was measured yet.
    """
    rows = [
        [
            row.finalist,
            "yes" if row.chosen else "",
            _text(row.trial),
            f"{_text(row.validation)} ± {_text(row[5])}",
            f"{_text(row.test)} ± {_text(row[7])}",
        ]
        for row in tuning.table().itertuples()
        if not math.isnan(float(row[4]))
    ]
    columns = ["Finalist", "Chosen", "Loss in the search", "Validation (95 %)", "Test (95 %)"]
    return Table(columns, rows)


def _values(tuning: AttentionTuning) -> Table:
    rows = [[a, b, c, f"{d:.4f}", f"{e:.4f}"] for a, b, c, d, e in value_losses(tuning)]
    note = "Over all trials of all searches; a search looks more often where it expects low losses."
    return Table(["Setting", "Value", "Trials", "Mean loss", "Lowest"], rows, note=note)


def _best(tuning: AttentionTuning) -> Table:
    names = list(tuning.objective.search_space)
    found = []
    for name, study in {tuning.sampler: tuning.study, **tuning.rivals}.items():
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            found.append((trial.values[0], f"{name} {trial.number}", trial.params))
    rows = [
        [place, f"{value:.4f}", *(_text(params[name]) for name in names)]
        for value, place, params in sorted(found, key=lambda row: (row[0], row[1]))[:SHOWN]
    ]
    return Table(["Trial", "Loss", *names], rows)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "n/a" if math.isnan(value) else f"{value:.4g}"
    return GIVEN if value is None else str(value)
