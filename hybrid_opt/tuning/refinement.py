"""Between the levels: a local search over the numbers of the best trial, with a report of its own.

Compass search: from the best point, one number at a time is moved up or down by a step on its (logarithmic)
axis; the first improvement is taken. If none of these moves improves, one trial goes to the bottom of the
parabolas through the points just seen, and the step is halved. For smooth functions this converges to a
stationary point without derivatives (T. G. Kolda, R. M. Lewis, V. Torczon, SIAM Review 45 (2003) 385).
Choices keep their values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from ..errors import OptionError
from ..seeds import child_seed, resolve_seed
from ..solvers.settings import check_whole
from .level_space import axis_positions, axis_value

__all__ = ["Refinement", "refine"]

REFINED = "hybrid_opt:refinement"  # user attribute of a trial: step and token
FIRST_STEP = 1 / 16  # of the axis: half the distance of nine levels
SMALLEST_STEP = 2.0**-20


@dataclass(frozen=True)
class Refinement:
    """What a local search changed.

    Attributes:
        before: best value of the study before it.
        after: best value after it.
        trials: numbers of its trials, in order.
        params: best settings after it.
        steps: the step of each of its trials, as a share of the axis.
        stopped: why it ended: "trials" (all used) or "step" (nothing left to halve).
    """

    before: float
    after: float
    trials: tuple[int, ...]
    params: dict[str, Any]
    steps: tuple[float, ...]
    stopped: str

    @property
    def gain(self) -> float:
        """By how much the best value improved, at least 0."""
        return abs(self.after - self.before)


@dataclass
class _Search:
    """A running search: where it stands, and every point whose value is known."""

    study: Study
    objective: Callable[[Trial], Any]
    distributions: dict[str, BaseDistribution]
    names: list[str]
    token: int
    left: int
    catch: tuple[type[Exception], ...]
    best: FrozenTrial
    values: dict[tuple[Any, ...], float] = field(default_factory=dict)
    trials: list[int] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)

    def loss(self, value: float) -> float:
        """A value of the study, lower is better."""
        return -value if self.study.direction is StudyDirection.MAXIMIZE else value

    def moved(self, name: str, shift: float) -> dict[str, Any]:
        """The best settings with one number moved along its axis, by at least one unit if it has units."""
        distribution, value = self.distributions[name], self.best.params[name]
        position = float(axis_positions(distribution, np.array([float(value)]))[0])
        new = axis_value(distribution, min(max(position + shift, 0.0), 1.0))
        unit = distribution.step  # type: ignore[attr-defined]
        if unit is not None and new == value:
            new = value + int(np.sign(shift)) * unit
            if not distribution._contains(distribution.to_internal_repr(new)):
                new = value
        return {**self.best.params, name: new}

    def try_params(self, params: dict[str, Any], step: float) -> bool:
        """Run one trial unless its value is known; whether the best improved."""
        key = tuple(params[name] for name in sorted(params))
        if key in self.values or not self.left:
            return False
        mark = {"token": f"{self.token}-{len(self.trials)}", "step": step}
        self.study.enqueue_trial(params, user_attrs={REFINED: mark})
        self.study.optimize(self.objective, n_trials=1, catch=self.catch)
        self.left -= 1
        own = [t for t in self.study.get_trials(deepcopy=False) if t.user_attrs.get(REFINED) == mark]
        self.trials += [trial.number for trial in own]
        self.steps += [step] * len(own)
        complete = bool(own) and own[0].state is TrialState.COMPLETE
        self.values[key] = self.loss(float(own[0].value)) if complete else np.inf  # type: ignore[arg-type]
        if self.study.best_trial.number == self.best.number:
            return False
        self.best = self.study.best_trial
        return True

    def poll(self, step: float, order: Sequence[tuple[str, int]]) -> bool:
        """Move one number at a time; whether one of the moves improved the best."""
        return any(self.try_params(self.moved(name, sign * step), step) for name, sign in order)

    def jump(self, step: float) -> None:
        """One trial at the bottom of the parabolas through the best point and its neighbors."""
        middle = self.loss(float(self.best.value))  # type: ignore[arg-type]
        params = dict(self.best.params)
        for name in self.names:
            low, high = (self._known(self.moved(name, sign * step)) for sign in (-1, 1))
            bend = low + high - 2 * middle
            if np.isfinite(bend) and bend > 0:
                params[name] = self.moved(name, step * 0.5 * (low - high) / bend)[name]
        self.try_params(params, step)

    def _known(self, params: dict[str, Any]) -> float:
        return self.values.get(tuple(params[name] for name in sorted(params)), np.inf)


def refine(
    study: Study,
    objective: Callable[[Trial], Any],
    n_trials: int,
    *,
    parameters: Sequence[str] | None = None,
    step: float | None = None,
    seed: int | None = None,
    catch: Sequence[type[Exception]] = (),
) -> Refinement:
    """Search around the best trial, between the levels of the grid.

    Every evaluation is a trial of the study, so storage and pruning go on as before; a search that was ended
    goes on from the best trial with the last step when called again.

    Args:
        study: a study with one objective and at least one complete trial.
        objective: what the study optimizes.
        n_trials: evaluations at most.
        parameters: which numbers to move; None for all of the best trial.
        step: first step as a share of the axis; None for the last step of an earlier call, else 1/16.
        seed: order of the moves.
        catch: exceptions of the objective after which the search goes on, as in ``Study.optimize``.

    Returns:
        Best value before and after, and the trials it took.

    Raises:
        OptionError: several objectives, no complete trial, no number to move, an illegal argument.

    Example:
        >>> import optuna
        >>> optuna.logging.set_verbosity(optuna.logging.ERROR)
        >>> study = optuna.create_study()
        >>> def objective(trial):
        ...     return (trial.suggest_float("x", 0, 1) - 0.3) ** 2
        >>> study.enqueue_trial({"x": 0.5})
        >>> study.optimize(objective, n_trials=1)
        >>> result = refine(study, objective, 10, seed=0)
        >>> round(result.before, 9), round(result.params["x"], 3)
        (0.04, 0.3)
    """
    check_whole("n_trials", n_trials)
    distributions = _movable(study, parameters)
    if step is not None and not (isinstance(step, (int, float)) and 0 < step <= 1):
        raise OptionError(f"step is {step!r}; it must be a share of the axis, above 0 and at most 1")
    best = study.best_trial
    before = float(best.value)  # type: ignore[arg-type]
    seed = resolve_seed(seed)
    search = _Search(
        study=study,
        objective=objective,
        distributions=distributions,
        names=sorted(distributions),
        token=child_seed(seed, f"refinement at {len(study.get_trials(deepcopy=False))}"),
        left=n_trials,
        catch=tuple(catch),
        best=best,
    )
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        key = tuple(trial.params[name] for name in sorted(trial.params))
        search.values[key] = search.loss(float(trial.value))  # type: ignore[arg-type]
    now = _first_step(study) if step is None else float(step)
    moves = [(name, sign) for name in search.names for sign in (-1, 1)]
    rng = np.random.default_rng(search.token)
    while search.left and now >= SMALLEST_STEP:
        order = [moves[k] for k in rng.permutation(len(moves))]
        if not search.poll(now, order):
            search.jump(now)
            now /= 2
    return Refinement(
        before=before,
        after=float(study.best_value),
        trials=tuple(search.trials),
        params=dict(study.best_params),
        steps=tuple(search.steps),
        stopped="step" if search.left else "trials",
    )


def _first_step(study: Study) -> float:
    marks = [t.user_attrs[REFINED] for t in study.get_trials(deepcopy=False) if REFINED in t.user_attrs]
    return float(marks[-1]["step"]) if marks else FIRST_STEP


def _movable(study: Study, parameters: Sequence[str] | None) -> dict[str, BaseDistribution]:
    """The numbers of the best trial that may be moved."""
    if len(study.directions) > 1:
        raise OptionError(
            f"the study has {len(study.directions)} objectives; a refinement needs a single best trial. Make "
            "a study of a weighted sum, with the chosen Pareto trial enqueued"
        )
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        raise OptionError("the study has no complete trial to start from; run study.optimize first")
    distributions = study.best_trial.distributions
    numbers = {
        name: distribution
        for name, distribution in distributions.items()
        if isinstance(distribution, FloatDistribution | IntDistribution) and not distribution.single()
    }
    if isinstance(parameters, str) or (parameters is not None and not set(parameters) <= set(numbers)):
        raise OptionError(
            f"parameters is {parameters!r}; it must list numbers of the best trial, which has "
            f"{sorted(numbers)!r}"
        )
    names = list(numbers) if parameters is None else parameters
    chosen: dict[str, BaseDistribution] = {name: numbers[name] for name in names}
    if not chosen:
        raise OptionError(
            f"the best trial has no number to move, its parameters are {sorted(distributions)!r}; choices "
            "are settled by the search itself"
        )
    return chosen
