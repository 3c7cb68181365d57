"""A QUBO sampler in a study of your own: any objective, TPE beside it, then a step off the grid.

The objective is a random quadratic function of bits plus a smooth one of two numbers; its optimum is known by
looking at every point of the grid. Needs the extra "tuning".
"""

import itertools
import os

import numpy as np
import optuna

from hybrid_opt.tuning import QuboSampler, refine

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
BITS, TRIALS = (4, 20) if FAST else (10, 80)
optuna.logging.set_verbosity(optuna.logging.ERROR)

rng = np.random.default_rng(3)
table = rng.normal(size=(BITS, BITS))
place = rng.uniform(-1, 1, size=2)


def value(bits, x, y):
    bits = np.array(bits)
    return float(bits @ table @ bits + (x - place[0]) ** 2 + (y - place[1]) ** 2 + (x - y) ** 2)


def objective(trial):
    bits = [trial.suggest_categorical(f"bit {i}", [0, 1]) for i in range(BITS)]
    return value(bits, trial.suggest_float("x", -2, 2, step=0.5), trial.suggest_float("y", -2, 2, step=0.5))


axis = np.arange(-2, 2.01, 0.5)
numbers = min(value([0] * BITS, x, y) for x in axis for y in axis)
optimum = min(value(bits, 0, 0) - value([0] * BITS, 0, 0) for bits in itertools.product([0, 1], repeat=BITS))
optimum += numbers
print(f"optimum on the grid {optimum:.4f}")

samplers = {
    "qubo": QuboSampler(seed=1),
    "tpe": optuna.samplers.TPESampler(seed=1),
    "random": optuna.samplers.RandomSampler(seed=1),
}
for name, sampler in samplers.items():
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=TRIALS)
    best = np.minimum.accumulate([trial.value for trial in study.trials])
    quarter = best[TRIALS // 4 - 1], best[TRIALS // 2 - 1], best[-1]
    print(f"{name:7s} above the optimum after a quarter, half, all of the trials:", end=" ")
    print(", ".join(f"{number - optimum:.3f}" for number in quarter))
    if name == "qubo":
        kept = study

# The grid has done its part: the two numbers may move between its levels now.
free = optuna.create_study(sampler=QuboSampler(seed=1))
bits = {name: kind for name, kind in kept.best_params.items() if name.startswith("bit")}


def off_grid(trial):
    chosen = [bits[f"bit {i}"] for i in range(BITS)]
    return value(chosen, trial.suggest_float("x", -2, 2), trial.suggest_float("y", -2, 2))


free.enqueue_trial({"x": kept.best_params["x"], "y": kept.best_params["y"]})
free.optimize(off_grid, n_trials=1)
refined = refine(free, off_grid, n_trials=15, seed=1)
print(f"refined off the grid: {refined.after - optimum:+.3f} against its optimum")
