"""What a search over attention settings found by one way to minimize its surrogate, and what that took.

Everything is read from the trials, so that a search that was taken up again tells the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optuna.study import Study

from ..tuning.finalists import best_trials
from ..tuning.quantum_rows import is_quantum
from ..tuning.trial_history import PROPOSAL

__all__ = ["SearchedWay"]

_ORIGINS = {
    "solver": "the solver's proposal",
    "next": "a point looked up, since the solver's was tried already",
    "random": "a random point",
    "repeat": "a repetition",
    "start": "the space-filling start",
}


@dataclass(frozen=True)
class SearchedWay:
    """One search.

    Attributes:
        name: of the way, in words.
        trials: trainings of the search.
        params: settings of its best trial that is not the recipe as given; empty where there is none.
        loss: validation loss of that trial; None likewise.
        source: where that trial came from, see ``tuning.proposal_sources``; empty likewise.
        by_circuit: whether a circuit proposed that trial.
        questions: proposals for which the solver was asked.
        samples: samples counted of circuits, training of angles included.
        seconds: of the solver.
        label: what the last circuit was; empty where none ran.
    """

    name: str
    trials: int
    params: Mapping[str, Any]
    loss: float | None
    source: str
    by_circuit: bool
    questions: int
    samples: int
    seconds: float
    label: str

    @classmethod
    def of(cls, name: str, study: Study, given: Mapping[str, Any] | None) -> SearchedWay:
        """Read a search.

        Args:
            name: of the way.
            study: its study, by ``tuning.QuboSampler``.
            given: settings of the recipe so far; None where they lie outside the search space.

        Returns:
            What it found.
        """
        trials = study.get_trials(deepcopy=False)
        asked = [
            record for trial in trials if (record := trial.system_attrs.get(PROPOSAL)) and record["solver"]
        ]
        samples = sum(int(record.get("samples", 0)) for record in asked)
        circuits = [str(record["circuit"]) for record in asked if record.get("circuit")]
        label = ""
        if circuits:
            label = f"{circuits[-1]}; the last of {len(asked)} questions, {samples:,} samples counted in all"
        best = next((trial for trial in best_trials(study, 2) if trial.params != given), None)
        record = {} if best is None else best.system_attrs.get(PROPOSAL) or {"source": "start"}
        source = str(record.get("source", ""))
        return cls(
            name=name,
            trials=len(trials),
            params={} if best is None else best.params,
            loss=None if best is None else float(best.values[0]),
            source=source,
            by_circuit=source == "solver" and is_quantum(str(record.get("solver", ""))),
            questions=len(asked),
            samples=samples,
            seconds=sum(float(record.get("seconds", 0.0)) for record in asked),
            label=label,
        )

    @property
    def origin(self) -> str:
        """Where the best trial came from, in words."""
        return _ORIGINS.get(self.source, "the recipe as given")

    def row(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "way": self.name,
            "trials": self.trials,
            "lowest loss": self.loss,
            "best trial from": self.origin,
            "questions": self.questions,
            "samples": self.samples,
            "seconds": self.seconds,
        }
