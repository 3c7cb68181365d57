"""The answer of a search over attention settings: the chosen configuration and the evidence for it.

Shapes: S fresh seeds.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.study import Study
from optuna.trial import TrialState

from ..classical.configuration import DistanceTransformerConfig
from ..classical.training_settings import TrainingSettings
from .attention_objective import AttentionObjective
from .finalists import GIVEN, Finalist, half_width

if TYPE_CHECKING:
    import pandas

    from ..reports import Table

__all__ = ["AttentionTuning"]


@dataclass(frozen=True, eq=False)
class AttentionTuning:
    """What a search found.

    Attributes:
        config: the chosen configuration; that of the call where nothing better was found.
        training: the chosen settings of the training.
        chosen: the finalist they belong to.
        finalists: the configuration as given, the best trials, and the best of each compared search, with
            their losses on fresh seeds; only the first and the best trial, without losses, where no
            finalists were asked for.
        study: the Optuna study.
        sampler: name of its sampler.
        rivals: name -> study of each compared sampler.
        quantum: what a quantum solver of the surrogate ran in this call: simulator, qubits, depth, shots,
            samples; empty where none ran.
        objective: what each trial evaluated; a study of your own can go on with it.
        interrupted: ctrl-C ended the search before; ``config`` is then that of the best trial so far.
        seed: what repeats the search.
        seconds: time of this call.
    """

    config: DistanceTransformerConfig
    training: TrainingSettings
    chosen: Finalist
    finalists: tuple[Finalist, ...]
    study: Study
    sampler: str
    rivals: dict[str, Study]
    quantum: str
    objective: AttentionObjective
    interrupted: bool
    seed: int
    seconds: float

    @cached_property
    def gain(self) -> tuple[float, float] | None:
        """Loss on the test split as given minus chosen, seed by seed: mean and half of the 95 % interval.

        None where nothing was confirmed, or a training diverged.
        """
        given = self.finalists[0]
        differences = np.array(given.test) - np.array(self.chosen.test or given.test)
        if not given.test or not np.isfinite(differences).all():
            return None
        return float(differences.mean()), half_width(differences.tolist())

    @property
    def verdict(self) -> str:
        """One sentence on what the search was worth."""
        if self.interrupted:
            return "interrupted: nothing is confirmed yet; the same call goes on from here"
        if not self.finalists[0].validation:
            best = "the configuration as given" if self.chosen.name == GIVEN else self.chosen.name
            return (
                f"no finalists were asked for: {best} has the lowest loss of the search, and nothing is "
                "confirmed"
            )
        if self.chosen.name == GIVEN:
            return "no trial was better on fresh seeds: the configuration stays as given"
        if self.gain is None:
            return "a training on fresh seeds diverged; see the table"
        mean, width = self.gain
        words = "lower" if mean >= 0 else "HIGHER"
        told = "beyond" if abs(mean) > width else "within"
        return (
            f"test loss {abs(mean):.4f} ± {width:.4f} {words} than as given over {len(self.chosen.test)} "
            f"fresh seeds: {told} the 95 % interval"
        )

    @property
    def notes(self) -> list[str]:
        """What a reader of the figures has to know."""
        found = [self.verdict]
        if self.quantum:
            found.append(f"{self.sampler}: {self.quantum}")
        if any(name == "latency" for name in self.objective.objectives):
            found.append("latency is measured: another run of the same seed gives other trials")
        searches = {self.sampler: self.study, **self.rivals}
        for name, study in searches.items():
            states = [trial.state for trial in study.get_trials(deepcopy=False)]
            for state, word in ((TrialState.PRUNED, "ended early"), (TrialState.FAIL, "failed")):
                if states.count(state):
                    found.append(f"{name}: {states.count(state)} of {len(states)} trials {word}")
            diverged = sum("diverged" in trial.user_attrs for trial in study.get_trials(deepcopy=False))
            if diverged:
                found.append(f"{name}: {diverged} trainings diverged and count as infinite losses")
        rivals = [one for one in self.finalists if self._is_rival(one) and one.validation]
        if rivals and self.chosen.validation:
            best = min(rivals, key=lambda one: sum(one.validation))
            if sum(best.validation) < sum(self.chosen.validation):
                found.append(f"{best.name} has a lower validation loss than what {self.sampler} found")
        return found

    def _is_rival(self, finalist: Finalist) -> bool:
        return any(finalist.name.startswith(f"{name}, ") for name in self.rivals)

    def table(self) -> pandas.DataFrame:
        """One row per finalist.

        Returns:
            Columns finalist, chosen, trial (its loss in the search), validation and test (means on fresh
            seeds), and their half-widths of 95 % intervals.
        """
        import pandas

        rows = []
        for one in self.finalists:
            row: dict[str, Any] = {"finalist": one.name, "chosen": one is self.chosen or one == self.chosen}
            row["trial"] = one.trial_values[0] if one.trial_values else math.nan
            for name, values in (("validation", one.validation), ("test", one.test)):
                finite = bool(values) and all(map(math.isfinite, values))
                row[name] = float(np.mean(values)) if values else math.nan
                row[f"{name} ±"] = half_width(values) if finite else math.nan
            rows.append(row)
        return pandas.DataFrame(rows)

    def settings_table(self) -> pandas.DataFrame:
        """One row per tuned setting: as given and chosen.

        Returns:
            Columns setting, as given, chosen.
        """
        import pandas

        from .attention_settings import settings_of

        objective = self.objective
        rows = []
        for name, kind in objective.search_space.items():
            given = settings_of({name: kind}, objective.config, objective.training)
            old = given[name] if given else "outside the space"
            rows.append({"setting": name, "as given": old, "chosen": self.chosen.params.get(name, old)})
        return pandas.DataFrame(rows)

    def tables(self) -> list[Table]:
        """What a terminal shows: settings, then finalists on fresh seeds."""
        from .tuning_report import finalists_table, settings_table

        tables = [settings_table(self)]
        if any(one.validation for one in self.finalists):
            tables.append(finalists_table(self))
        return tables

    def losses(self) -> dict[str, list[float]]:
        """Loss of each finished trial, by search; NaN for those that were ended early or failed."""
        return {
            name: [
                trial.values[0] if trial.state is TrialState.COMPLETE else math.nan
                for trial in study.get_trials(deepcopy=False)
                if trial.state.is_finished()
            ]
            for name, study in {self.sampler: self.study, **self.rivals}.items()
        }

    def plot(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture of the searches as PNG.

        Args:
            path: the file.

        Returns:
            The path.
        """
        from .tuning_report import draw_searches

        draw_searches(self, png=path)
        return Path(path)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write one page that opens offline: settings, searches, finalists, what each setting did.

        Args:
            path: the file.

        Returns:
            The path.

        Raises:
            OptionError: it cannot be written there.
        """
        from .tuning_report import write_tuning_report

        return write_tuning_report(self, path)

    def to_dict(self) -> dict[str, Any]:
        """Numbers, strings, lists and dictionaries; infinite and missing numbers are None."""
        return {
            "chosen": self.chosen.name,
            "settings": dict(self.chosen.params),
            "verdict": self.verdict,
            "gain": None if self.gain is None else [_finite(value) for value in self.gain],
            "objectives": list(self.objective.objectives),
            "quantum": self.quantum,
            "finalists": [
                {
                    "name": one.name,
                    "settings": dict(one.params),
                    "trial": [_finite(value) for value in one.trial_values],
                    "validation": [_finite(value) for value in one.validation],
                    "test": [_finite(value) for value in one.test],
                }
                for one in self.finalists
            ],
            "trials": {name: [_finite(v) for v in values] for name, values in self.losses().items()},
            "interrupted": self.interrupted,
            "seed": self.seed,
            "seconds": self.seconds,
            "notes": self.notes,
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """`to_dict` as strict JSON.

        Args:
            indent: spaces per level, None for one line.

        Returns:
            The text.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def __repr__(self) -> str:
        return f"AttentionTuning(chosen={self.chosen.name!r}, {self.verdict}, seed={self.seed})"

    def __str__(self) -> str:
        lines = [self.verdict]
        lines += [
            f"  {row[1]}: {_short(row[2])} -> {_short(row[3])}" for row in self.settings_table().itertuples()
        ]
        lines.append(self.table().to_string(index=False, float_format=lambda value: f"{value:.4f}"))
        lines += [f"note: {note}" for note in self.notes[1:]]
        return "\n".join(lines)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
