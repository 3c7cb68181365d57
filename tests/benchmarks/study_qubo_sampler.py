"""Does a QUBO surrogate find better settings than random search, TPE or a Gaussian process?

Problems: see ``tuning_problems.py``; every seed is another instance with its optimum elsewhere, and all arms
see the same ones. Regret is the best value so far less the optimum on the grid, which is known by looking
at every point; it can be negative off the grid. Arms:

* ``qubo``: ``QuboSampler`` with its defaults;
* ``qubo, mean``: the same without exploration, ``qubo, thompson``: with all of the posterior's;
* ``qubo, random points``: the surrogate of ``qubo``, minimized by the best of 1,000 random points, no QUBO
  solver: what is left is the worth of the surrogate;
* ``qubo, exact``: minimized to proven optimality instead of by annealing, on some problems;
* ``qubo, qaoa``: minimized by QAOA in the one-hot subspace, on some problems and seeds;
* ``qubo, factorization``: a factorization machine instead of the ridge;
* ``random``, and the same at twice the trials;
* ``tpe, grid`` and ``tpe, own space``: Optuna's TPE on the same grid, and on continuous numbers (bits:
  integers);
* ``gp``: Optuna's GPSampler on continuous numbers, fewer seeds and trials, since it is slow.

Tests are Wilcoxon's signed-rank test on the regrets of the same instances, two-sided.

    python tests/benchmarks/study_qubo_sampler.py docs/studies/qubo_sampler.json [PROBLEM ...]

runs all problems, or those named; what is in the file already is not run again. Trials stand in
``NAME.parts.json`` beside the file.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from record import Record
from scipy import stats
from tuning_problems import PROBLEMS, TuningProblem, make_problem

from hybrid_opt import solvers
from hybrid_opt.solvers.base import Outcome, Request
from hybrid_opt.tuning import QuboSampler

SEED = 41
SEEDS = 20
TRIALS = 100
MARKS = (25, 50, 75, 100)
CURVE_STEP = 5
RIVAL = "tpe, grid"


@dataclass(frozen=True)
class Arm:
    """A sampler, where it searches, and how long.

    Attributes:
        make: seed -> sampler.
        own_space: continuous numbers instead of the grid.
        trials: how many; None means ``TRIALS``.
        seeds: how many; None means ``SEEDS``.
        problems: which; None means all.
    """

    make: Callable[[int], BaseSampler]
    own_space: bool = False
    trials: int | None = None
    seeds: int | None = None
    problems: tuple[str, ...] | None = None


@dataclass(frozen=True)
class RandomPoints:
    """A solver that proposes the points it draws at random."""

    draws: int = 1000
    name: str = "random points"

    def solve(self, request: Request) -> Outcome:
        """Draw points; the best is judged by whoever asked."""
        sizes = [variable.size for variable in request.problem.variables]
        states = np.random.default_rng(request.seed).integers(sizes, size=(self.draws, len(sizes)))
        return Outcome(np.unique(states, axis=0))


SOME = ("rastrigin", "nk", "bqp")
ARMS = {
    "qubo": Arm(lambda seed: QuboSampler(seed=seed)),
    "qubo, mean": Arm(lambda seed: QuboSampler(exploration=0.0, seed=seed)),
    "qubo, thompson": Arm(lambda seed: QuboSampler(exploration=1.0, seed=seed)),
    "qubo, random points": Arm(lambda seed: QuboSampler(solver=RandomPoints(), seed=seed)),
    "qubo, exact": Arm(lambda seed: QuboSampler(solver="exact", seed=seed), problems=SOME),
    "qubo, factorization": Arm(lambda seed: QuboSampler(surrogate="factorization", seed=seed)),
    "qubo, qaoa": Arm(
        lambda seed: QuboSampler(solver=solvers.QAOA(mixer="xy-exact", circuit_qubits=0), seed=seed),
        trials=50,
        seeds=3,
        problems=SOME,
    ),
    "random": Arm(lambda seed: RandomSampler(seed=seed), trials=2 * TRIALS),
    RIVAL: Arm(lambda seed: TPESampler(seed=seed)),
    "tpe, own space": Arm(lambda seed: TPESampler(seed=seed), own_space=True),
    "gp": Arm(lambda seed: GPSampler(seed=seed), own_space=True, trials=60, seeds=10),
}


def run(problem: TuningProblem, arm: Arm, seed: int) -> dict[str, Any]:
    """One study: the value of every trial, and the seconds per trial."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study = optuna.create_study(sampler=arm.make(SEED + seed))
        begin = perf_counter()
        objective = problem.on_own_space if arm.own_space else problem.on_grid
        study.optimize(objective, n_trials=arm.trials or TRIALS)
        seconds = perf_counter() - begin
    values = [float(trial.value) for trial in study.get_trials(deepcopy=False)]
    return {"values": values, "seconds": seconds / len(values)}


def regrets(parts: dict[str, Any], problem: str, arm: str) -> np.ndarray:
    """Best so far less optimum, shape (seeds, trials)."""
    rows = []
    for seed in range(ARMS[arm].seeds or SEEDS):
        values = np.array(parts[f"{problem} | {arm} | seed {seed}"]["values"])
        rows.append(np.minimum.accumulate(values) - parts[f"{problem} | optimum | seed {seed}"])
    return np.array(rows)


def quartiles(values: np.ndarray) -> list[float]:
    """Median, lower and upper quartile."""
    return [float(f"{number:.4g}") for number in np.quantile(values, [0.5, 0.25, 0.75])]


def verdict(own: np.ndarray, other: np.ndarray) -> dict[str, Any]:
    """Final regrets of one arm against another's on the same instances."""
    n, at = min(len(own), len(other)), min(own.shape[1], other.shape[1]) - 1
    a, b = own[:n, at], other[:n, at]
    scale = max(float(np.abs(b).max()), 1e-12)
    difference = np.where(np.abs(a - b) < 1e-9 * scale, 0.0, a - b)
    p = float(stats.wilcoxon(difference).pvalue) if difference.any() else 1.0
    median = float(np.median(a) - np.median(b))
    return {
        "trials": at + 1,
        "seeds better, equal, worse": [
            int(count.sum()) for count in (difference < 0, difference == 0, difference > 0)
        ],
        "medians": [quartiles(a)[0], quartiles(b)[0]],
        "p": float(f"{p:.2g}"),
        "result": "no worse" if median <= 1e-9 * scale else "worse",
    }


def summarize_problem(parts: dict[str, Any], problem: str) -> dict[str, Any]:
    """Regrets by trials, bands, times, and the arms against each other."""
    curves = {arm: regrets(parts, problem, arm) for arm in arms_of(problem)}
    typical = float(np.median(curves["random"][:, 0]))  # a random point's regret sets the scale
    table: dict[str, Any] = {"a random point": float(f"{typical:.4g}"), "arms": {}, "comparisons": {}}
    for arm, curve in curves.items():
        seconds = [
            parts[f"{problem} | {arm} | seed {seed}"]["seconds"] for seed in range(ARMS[arm].seeds or SEEDS)
        ]
        near = np.where(curve <= 0.01 * typical, np.arange(curve.shape[1]) + 1.0, np.inf).min(axis=1)
        table["arms"][arm] = {
            "regret": {str(m): quartiles(curve[:, m - 1]) for m in (*MARKS, 200) if m <= curve.shape[1]},
            "curve": [quartiles(curve[:, m - 1]) for m in range(CURVE_STEP, curve.shape[1] + 1, CURVE_STEP)],
            "optimum found": float(np.mean(curve[:, -1] <= 1e-9 * typical)),
            "trials to 1 %": float(np.median(near)) if np.isfinite(np.median(near)) else None,
            "seconds per trial": float(f"{np.median(seconds):.3g}"),
            "seeds": len(curve),
        }
    for arm in curves:
        if arm != "qubo":
            table["comparisons"][f"qubo / {arm}"] = verdict(curves["qubo"], curves[arm])
    twice = np.repeat(curves["random"][:, -1:], TRIALS, axis=1)
    table["comparisons"]["qubo / random, twice the trials"] = verdict(curves["qubo"], twice)
    return table


def arms_of(problem: str) -> list[str]:
    """The arms that are run on a problem."""
    return [name for name, arm in ARMS.items() if arm.problems is None or problem in arm.problems]


def summary(record: Record) -> dict[str, Any]:
    """All problems that are complete, and on how many of them TPE on the same grid is met."""
    parts = record.content["parts"]
    done = {}
    for problem in PROBLEMS:
        wanted = [
            f"{problem} | {arm} | seed {seed}"
            for arm in arms_of(problem)
            for seed in range(ARMS[arm].seeds or SEEDS)
        ]
        if all(name in parts for name in wanted):
            done[problem] = summarize_problem(parts, problem)
    results = {name: table["comparisons"][f"qubo / {RIVAL}"]["result"] for name, table in done.items()}
    return {"problems": done, f"qubo / {RIVAL}": results}


def main(path: str, *names: str) -> None:
    """Run what is missing of the problems named (of all, if none is) and write the summary."""
    unknown = set(names) - set(PROBLEMS)
    if unknown:
        raise SystemExit(f"no such problem: {', '.join(sorted(unknown))}; there are {', '.join(PROBLEMS)}")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    record = Record(Path(path).with_suffix(".parts.json"), seed=SEED)
    for name in names or PROBLEMS:
        for seed in range(SEEDS):
            problem = make_problem(name, SEED + seed)
            if not record.has(f"{name} | optimum | seed {seed}"):
                record.add(f"{name} | optimum | seed {seed}", problem.optimum())
            for arm in arms_of(name):
                part = f"{name} | {arm} | seed {seed}"
                if seed < (ARMS[arm].seeds or SEEDS) and not record.has(part):
                    record.add(part, run(problem, ARMS[arm], seed))
                    sys.stderr.write(f"{part}: {record.content['parts'][part]['seconds']:.3f} s per trial\n")
    kept = Record(Path(path), seed=SEED)
    kept.content["versions"] |= {name: version(name) for name in ("optuna",)}
    kept.content["trials"], kept.content["seeds"] = TRIALS, SEEDS
    kept.add("summary", summary(record))


if __name__ == "__main__":
    main(*sys.argv[1:])
