"""An Optuna sampler that fits a quadratic surrogate and lets any QUBO solver minimize it.

Studies, storage, resuming, pruning, parallel workers and dashboards are Optuna's. A proposal depends on the
sampler's seed, the trial's number and the trials in the storage, on nothing else: a study taken up again, or
worked on by several processes with the same seed, goes on as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.search_space import intersection_search_space
from optuna.study import Study
from optuna.trial import FrozenTrial

from ..errors import OptionError
from ..seeds import child_seed, resolve_seed
from ..solvers.base import Solver
from ..solvers.registry import find_solver
from ..solvers.settings import check_choice, check_seconds, check_whole
from .acquisition import Proposal, check_solver_size, choose_solver, minimize_surrogate
from .level_space import LevelSpace, check_levels, level_space
from .space_filling import fill_space, start_length, uncovered_levels
from .surrogates import SURROGATES, draw_surrogate, surrogate_for
from .trial_history import History, read_history, record_proposal
from .trial_losses import scalar_losses

__all__ = ["QuboSampler"]


class QuboSampler(BaseSampler):
    """Propose settings by minimizing a drawn quadratic surrogate over one-hot groups.

    After a space-filling start, each trial (1) fits a quadratic function of levels and pairs of levels to the
    losses seen, (2) draws one from what is known about it, and (3) has a QUBO solver find its minimum among
    all points of the grid, one-hot groups intact. Points that were tried are passed over.

    Every parameter is divided into levels. Parameters that not every trial has (conditional ones, or ranges
    that change) are chosen one by one, each by the same three steps on its own levels. The first trial, of
    which Optuna does not tell the parameters beforehand, takes random levels unless ``search_space`` names
    them.

    Two or three objectives are joined by weights drawn anew for each trial; read ``study.best_trials``.
    Constraints set by ``Trial.set_constraint`` are kept by counting a violation as worse than any loss.

    Args:
        surrogate: "bayesian" (ridge on pairs of levels, regularized by evidence), "factorization" (machine of
            low rank) or "auto": the former up to 60 bits, the latter above.
        solver: a name from ``hybrid_opt.methods()`` or a solver object, e.g.
            ``hybrid_opt.solvers.QAOA(mixer="xy-exact")``. None enumerates small grids and anneals whole
            levels on larger ones.
        levels: levels of a continuous parameter, or parameter name -> levels.
        n_startup_trials: judged trials before the first surrogate; None means 10. The start goes on until
            every level was tried once.
        exploration: how far a draw strays from the posterior mean: 1 is Thompson sampling, 0 only the mean.
        search_space: parameter name -> Optuna distribution, if it is known beforehand.
        seed: makes the proposals repeatable; None draws one.
        time_limit: seconds the solver may take for one proposal.

    Raises:
        OptionError: an illegal setting, or a ``search_space`` of a single point.

    Example:
        >>> import optuna
        >>> optuna.logging.set_verbosity(optuna.logging.ERROR)
        >>> study = optuna.create_study(sampler=QuboSampler(levels=5, seed=1))
        >>> def objective(trial):
        ...     return (trial.suggest_float("x", 0, 4) - trial.suggest_int("y", 1, 3)) ** 2
        >>> study.optimize(objective, n_trials=12)
        >>> study.best_value
        0.0
    """

    def __init__(
        self,
        *,
        surrogate: str = "auto",
        solver: str | Solver | None = None,
        levels: int | Mapping[str, int] = 9,
        n_startup_trials: int | None = None,
        exploration: float = 0.5,
        search_space: Mapping[str, BaseDistribution] | None = None,
        seed: int | None = None,
        time_limit: float = 10.0,
    ) -> None:
        check_choice("surrogate", surrogate, SURROGATES)
        check_levels(levels)
        if n_startup_trials is not None:
            check_whole("n_startup_trials", n_startup_trials, least=0)
        _check_exploration(exploration)
        check_seconds("time_limit", time_limit)
        self._surrogate = surrogate
        self._solver = None if solver is None else find_solver(solver, "solver")
        self._levels = levels
        self._n_startup_trials = n_startup_trials
        self._exploration = float(exploration)
        self._time_limit = float(time_limit)
        self._seed = resolve_seed(seed)
        # Threads of one study share the sampler: each must see what the one before was proposed.
        self._proposing = Lock()
        self._search_space: dict[str, BaseDistribution] | None = None
        if search_space is not None:
            self._search_space = _checked_space(search_space, levels)

    def __getstate__(self) -> dict[str, Any]:
        """What pickling and copying keep: everything but the lock."""
        return {name: value for name, value in self.__dict__.items() if name != "_proposing"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what was kept, with a lock of its own."""
        self.__dict__.update(state)
        self._proposing = Lock()

    def reseed_rng(self) -> None:
        """Nothing to do: random numbers follow the trial's number, so no two workers share any."""

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The parameters that are chosen together: those given, or those that every trial had so far.

        Args:
            study: the study.
            trial: the trial to propose for.

        Returns:
            Parameter name -> distribution, without those of a single value.
        """
        space = self._search_space
        if space is None:
            space = intersection_search_space(study._get_trials(deepcopy=False), include_pruned=True)
        return {name: distribution for name, distribution in space.items() if not distribution.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Choose all parameters that belong together.

        Args:
            study: the study.
            trial: the trial to propose for; the proposal is recorded in it.
            search_space: parameter name -> distribution.

        Returns:
            Parameter name -> value.

        Raises:
            ModelTooLargeError: the solver cannot hold the grid; raised before any trial is spent on it.
        """
        space = level_space(search_space, self._levels)
        if not space.sizes:
            return {}
        if self._solver is not None:
            check_solver_size(self._solver, space)
        with self._proposing:
            history = read_history(study, _others(study, trial), space)
            tried = history.tried[:0] if history.conditional else history.tried
            proposal = self._propose(space, history, tried, self._trial_seed(trial, "relative"))
            params = space.params(proposal.states)
            record_proposal(study, trial, space, params, **proposal.facts())
        return params

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Choose one parameter by itself.

        Args:
            study: the study.
            trial: the trial to propose for.
            param_name: name of the parameter.
            param_distribution: its distribution.

        Returns:
            Its value.
        """
        space = level_space({param_name: param_distribution}, self._levels)
        history = read_history(study, _others(study, trial), space)
        seed = self._trial_seed(trial, f"parameter {param_name}")
        states = self._propose(space, history, history.tried[:0], seed, alone=True).states
        return space.params(states)[param_name]

    def _trial_seed(self, trial: FrozenTrial, purpose: str) -> int:
        return child_seed(self._seed, f"trial {trial.number} {purpose}")

    def _propose(
        self,
        space: LevelSpace,
        history: History,
        tried: NDArray[np.int64],
        seed: int,
        *,
        alone: bool = False,
    ) -> Proposal:
        rng = np.random.default_rng(seed)
        wanted = start_length(space) if self._n_startup_trials is None or alone else self._n_startup_trials
        starting = len(history.losses) < max(1, wanted) or uncovered_levels(space, history.present)
        if starting:
            states = fill_space(space, history.present, rng)
            return Proposal(states, "start", 0.0, "")
        losses = scalar_losses(history.losses, history.broken, rng)
        kind = surrogate_for(space, self._surrogate)
        surrogate = draw_surrogate(kind, space, history.features, losses, rng, self._exploration)
        # One parameter has few levels: no solver is needed for them.
        solver = choose_solver(space) if self._solver is None or alone else self._solver
        return minimize_surrogate(
            surrogate, tried, solver=solver, seed=int(rng.integers(2**31)), time_limit=self._time_limit
        )


def _others(study: Study, trial: FrozenTrial) -> Sequence[FrozenTrial]:
    """All trials of a study but one."""
    return [other for other in study._get_trials(deepcopy=False) if other.number != trial.number]


def _check_exploration(exploration: Any) -> None:
    number = isinstance(exploration, (int, float)) and not isinstance(exploration, bool)
    if not number or not 0 <= exploration < np.inf:
        raise OptionError(
            f"exploration is {exploration!r}; it must be a number of at least 0 (1 is Thompson sampling)"
        )


def _checked_space(
    search_space: Mapping[str, BaseDistribution], levels: int | Mapping[str, int]
) -> dict[str, BaseDistribution]:
    """The search space as a dictionary, if it has something to choose."""
    if not isinstance(search_space, Mapping):
        raise OptionError(
            f"search_space is {search_space!r}; it must map parameter names to Optuna distributions"
        )
    named = set(levels) if isinstance(levels, Mapping) else set()
    if named - set(search_space):
        raise OptionError(
            f"levels names {sorted(named - set(search_space))!r}, which search_space does not have; it has "
            f"{sorted(search_space)!r}"
        )
    if level_space(search_space, levels).n_points < 2:
        raise OptionError(
            f"the search space {dict(search_space)!r} has a single point, so there is nothing to choose. "
            "Give at least one parameter two values or more"
        )
    return dict(search_space)
