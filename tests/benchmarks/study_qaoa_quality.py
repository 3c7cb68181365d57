"""How good are QAOA's answers, by angle rule, training and mixer, and how does annealing do in the same time?

Four classes of instances, 12, 16 and 20 bits: 3-regular max-cut, weighted max-cut, choices of one in a group
with pair costs, budget plans that spend exactly. The last two are run three times: as a QUBO with certified
penalties and the X mixer, one-hot and in the encoding with the fewest bits, and inside their one-hot subspace
with the complete XY mixer (the budget keeps its penalty there).

Per instance, depth and method: P(optimum) of one draw, share of feasible draws, and the normalized mean
energy (worst - mean) / (worst - best) over the states of the engine. Methods:

* ``spin_glass``, ``regular``, ``ramp``: the angle rules as they are, no evaluation;
* ``RULE + N``: the same after L-BFGS with at most N expectations, a gradient counted as three more;
* ``tuned ramp + 30``: the two slopes of the ramp after 30 expectations of COBYLA;
* ``climb + N``: depth by depth with interpolation (INTERP), N expectations in all;
* ``regular, CVaR 0.1 + N``: trained for the mean of the lowest tenth instead of the mean;
* ``random``, ``random + N``: angles drawn uniformly, as controls;
* ``uniform feasible``: every feasible assignment alike.

Beside the runs at depth 5: simulated annealing with its own defaults in the wall time of the trained run and
its 1,000 draws. A last part follows P(optimum) on gka1b by depth where the reference data are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import networkx as nx
import numpy as np
from record import Record
from scipy import stats

import hybrid_opt as ho
from hybrid_opt import circuits
from hybrid_opt.qubo.enumeration import count_and_minimize
from hybrid_opt.qubo.files import read_model_file
from hybrid_opt.solvers import Request

SEED = 29
SIZES = (12, 16, 20)
INSTANCES = 20
DEPTHS = (1, 2, 3, 5, 8, 10)
RULES = ("spin_glass", "regular", "ramp")
BUDGETS = (30, 100)
TRAINED_UP_TO = 16  # bits; beyond, untrained rules only
RANDOM_DRAWS = 5
COMPARED_DEPTH = 5
SHOTS = 1000

Angles = tuple[np.ndarray, np.ndarray]


@dataclass
class Run:
    """An engine on one instance, and which of its states are feasible and optimal."""

    engine: Any
    feasible: np.ndarray
    optimal: np.ndarray
    costs: Any
    gap: float

    def figures(self, angles: Angles) -> dict[str, float]:
        """P(optimum), feasible share and normalized energy at some angles."""
        return self.of(self.engine.probabilities(*angles))

    def of(self, probabilities: np.ndarray) -> dict[str, float]:
        """The same of a distribution."""
        energies = self.engine.energies
        worst, best = float(energies.max()), float(energies.min())
        return {
            "p_optimum": float(probabilities[self.optimal].sum()),
            "feasible": float(probabilities[self.feasible].sum()),
            "ratio": (worst - float(probabilities @ energies)) / (worst - best),
        }


def regular(bits: int, k: int) -> Any:
    """Max-cut of a random 3-regular graph."""
    return ho.graphs.maxcut(nx.random_regular_graph(3, bits, seed=SEED + k))


def weighted(bits: int, k: int) -> Any:
    """Max-cut of a random graph with normal weights."""
    rng = np.random.default_rng([SEED, k])
    graph = nx.gnp_random_graph(bits, 0.5, seed=SEED + k)
    for u, v in graph.edges:
        graph.edges[u, v]["weight"] = float(rng.normal())
    return ho.graphs.maxcut(graph)


def choices(bits: int, k: int) -> Any:
    """One of four in each group, with costs of single choices and of pairs."""
    rng = np.random.default_rng([SEED, k])
    model = ho.LevelModel()
    groups = [f"group {g}" for g in range(bits // 4)]
    for name in groups:
        model.add_variable(name, costs=rng.normal(size=4))
    for number, first in enumerate(groups):
        for second in groups[number + 1 :]:
            model.add_pair(first, second, table=rng.normal(size=(4, 4)))
    return model


def budget(bits: int, k: int) -> Any:
    """Concave response curves of four levels under a budget that is spent exactly."""
    rng = np.random.default_rng([SEED, k])
    model = ho.LevelModel()
    for line in range(bits // 4):
        curve = np.cumsum(np.sort(rng.random(3))[::-1])
        model.add_variable(f"line {line}", costs=[0.0, *(-curve)])
    model.add_constraint(dict.fromkeys(model.variables, 1), "==", bits // 4 * 3 // 2, label="budget")
    return model


CLASSES: dict[str, tuple[Callable[[int, int], Any], tuple[str, ...]]] = {
    "3-regular max-cut": (regular, ("X",)),
    "weighted max-cut": (weighted, ("X",)),
    "one of four": (choices, ("one-hot penalty, X", "fewest bits, X", "one-hot subspace, XY")),
    "budget, spend exactly": (budget, ("one-hot penalty, X", "fewest bits, X", "one-hot subspace, XY")),
}


def build(model: Any, form: str) -> tuple[Any, Run]:
    """The QUBO of a model and its engine."""
    inside = "subspace" in form
    encoding = "one-hot" if form.startswith("one-hot") else "auto"
    qubo = ho.to_qubo(model, encoding=encoding, target="subspace" if inside else "penalty")
    gap = 2.0
    if inside:
        engine: Any = circuits.SubspaceQAOA(qubo.bqm, qubo.groups, mixer="xy-exact")
        costs: Any = engine
        gap = engine.mixer_gap
    else:
        engine, costs = circuits.DiagonalQAOA(qubo.bqm), qubo.bqm
    states, valid = qubo.decode_bits(engine.space.bits(np.arange(engine.space.dimension)))
    feasible = valid & qubo.problem.feasible(states)
    objective = np.where(feasible, qubo.problem.objective(states), np.inf)
    return qubo, Run(engine, feasible, objective <= objective.min() + 1e-9, costs, gap)


def methods(run: Run, depth: int, rng: np.random.Generator, trained: bool) -> dict[str, dict[str, float]]:
    """Figures of every method at one depth."""
    table: dict[str, dict[str, float]] = {}
    starts = {
        rule: circuits.initial_angles(run.costs, depth, rule=rule, mixer_gap=run.gap) for rule in RULES
    }
    scale = float(np.abs(starts["spin_glass"][0]).max())
    turn = np.pi / run.gap
    draws = [
        (rng.uniform(0, 2 * scale, depth), rng.uniform(-turn, turn, depth)) for _ in range(RANDOM_DRAWS)
    ]
    for rule, angles in starts.items():
        table[rule] = run.figures(angles)
    if not trained:
        return table
    randoms = [run.figures(angles) for angles in draws]
    table["random"] = {key: float(np.mean([one[key] for one in randoms])) for key in randoms[0]}
    gammas, betas = starts["ramp"]
    slopes = circuits.train_ramp(
        run.engine, depth, gammas[-1], -betas[0], optimizer="COBYLA", max_evaluations=30
    )
    table["tuned ramp + 30"] = run.figures((slopes.gammas, slopes.betas))
    for number in BUDGETS:
        for rule, angles in starts.items():
            table[f"{rule} + {number}"] = run.figures(train(run, angles, number))
        first = circuits.initial_angles(run.costs, 1, rule="spin_glass", mixer_gap=run.gap)
        each = max(1, number // depth)
        climbed = circuits.train_depths(run.engine, *first, depth, max_evaluations=each)[-1]
        table[f"climb + {number}"] = run.figures((climbed.gammas, climbed.betas))
    tail = train(run, starts["regular"], BUDGETS[-1], circuits.objectives.CVaR(0.1))
    table[f"regular, CVaR 0.1 + {BUDGETS[-1]}"] = run.figures(tail)
    table[f"random + {BUDGETS[-1]}"] = run.figures(train(run, draws[0], BUDGETS[-1]))
    return table


def train(run: Run, angles: Angles, budget: int, objective: Any = circuits.objectives.EXPECTATION) -> Angles:
    """L-BFGS with exact gradients within a number of expectations."""
    found = circuits.train_angles(
        run.engine, *angles, objective=objective, optimizer="L-BFGS-B", max_evaluations=budget
    )
    return found.gammas, found.betas


def beside_annealing(run: Run, qubo: Any, depth: int) -> dict[str, float]:
    """QAOA with trained angles and 1,000 draws, and annealing with its own defaults in the same wall time."""
    begin = perf_counter()
    angles = circuits.initial_angles(run.costs, depth, rule="ramp", mixer_gap=run.gap)
    angles = train(run, angles, BUDGETS[-1])
    drawn = run.engine.sample(*angles, SHOTS, seed=SEED)
    seconds = perf_counter() - begin
    hits = run.optimal[run.engine.space.indices(drawn)]
    annealed = ho.solvers.Anneal().draw(Request(qubo.problem, SEED), seconds=seconds)
    least = count_and_minimize(qubo.problem).minimum
    good = qubo.problem.feasible(annealed.states) & (qubo.problem.objective(annealed.states) <= least + 1e-9)
    counts = np.asarray(annealed.counts)
    return {
        "seconds": seconds,
        "qaoa draws": SHOTS,
        "qaoa found": float(hits.any()),
        "qaoa share": float(hits.mean()),
        "annealing draws": float(counts.sum()),
        "annealing found": float(good.any()),
        "annealing share": float(counts[good].sum() / counts.sum()),
    }


def instance(name: str, form: str, bits: int, k: int) -> dict[str, Any]:
    """All depths and methods on one instance."""
    model = CLASSES[name][0](bits, k)
    qubo, run = build(model, form)
    census = count_and_minimize(qubo.problem)
    trained = bits <= TRAINED_UP_TO
    result: dict[str, Any] = {
        "qubits": qubo.n_bits,
        "amplitudes": int(run.engine.space.dimension),
        "uniform feasible": census.n_minimum / census.n_feasible,
        "depths": {},
    }
    for depth in DEPTHS:
        rng = np.random.default_rng([SEED, k, depth])
        result["depths"][str(depth)] = methods(run, depth, rng, trained)
    if trained:
        result["annealing"] = beside_annealing(run, qubo, COMPARED_DEPTH)
    return result


def known_instance(file: Path) -> dict[str, Any]:
    """P(optimum) on gka1b by depth, for every rule and for a trained ramp."""
    model = read_model_file(file)
    engine = circuits.DiagonalQAOA(model)
    optimal = engine.energies <= engine.energies.min() + 1e-9
    run = Run(engine, np.ones_like(optimal), optimal, model, 2.0)
    table: dict[str, Any] = {"optimum": float(engine.energies.min())}
    for depth in DEPTHS:
        starts = {rule: circuits.initial_angles(model, depth, rule=rule) for rule in RULES}
        table[str(depth)] = {rule: run.figures(angles) for rule, angles in starts.items()}
        table[str(depth)]["ramp + 30"] = run.figures(train(run, starts["ramp"], 30))
    return table


def interval(numbers: list[float]) -> list[float]:
    """Mean and half width of its 95 % interval (Student)."""
    values = np.array(numbers)
    if len(values) < 2:
        return [float(values.mean()), 0.0]
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return [round(float(values.mean()), 5), round(float(half), 5)]


def summary(record: Record) -> dict[str, Any]:
    """Means with intervals per class, form, size, depth and method."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, part in record.content["parts"].items():
        if " | instance " in name:
            groups.setdefault(name.split(" | instance ")[0], []).append(part)
    table: dict[str, Any] = {}
    for name, parts in sorted(groups.items()):
        row: dict[str, Any] = {
            "instances": len(parts),
            "amplitudes": parts[0]["amplitudes"],
            "uniform feasible": interval([part["uniform feasible"] for part in parts]),
        }
        for depth in parts[0]["depths"]:
            for method in parts[0]["depths"][depth]:
                row[f"{depth} | {method}"] = {
                    key: interval([part["depths"][depth][method][key] for part in parts])
                    for key in ("p_optimum", "feasible", "ratio")
                }
        if "annealing" in parts[0]:
            row["annealing"] = {
                key: interval([part["annealing"][key] for part in parts]) for key in parts[0]["annealing"]
            }
        table[name] = row
    return table


def parts() -> Iterator[tuple[str, str, str, int, int]]:
    """Name, class, form, bits and instance number of every part."""
    for bits in SIZES:
        for name, (_, forms) in CLASSES.items():
            for form in forms:
                for k in range(INSTANCES):
                    yield f"{name} | {form} | {bits} bits | instance {k}", name, form, bits, k


def main(path: str) -> None:
    """Run what is missing, then write the summary.

    The 480 instances fill megabytes, so they stand in a file of their own, ``NAME.parts.json``, which is not
    kept in the repository.
    """
    record = Record(Path(path).with_suffix(".parts.json"), seed=SEED)
    for name, kind, form, bits, k in parts():
        if not record.has(name):
            record.add(name, instance(kind, form, bits, k))
            sys.stderr.write(f"{name}\n")
    root = Path(__file__).resolve().parents[2]
    file = Path(os.environ.get("HYBRID_OPT_DATA", root / ".." / "shared" / "data")) / "qubo" / "gka1b.sparse"
    if file.is_file() and not record.has("gka1b"):
        record.add("gka1b", known_instance(file))
    kept = Record(Path(path), seed=SEED)
    kept.add("summary", summary(record))
    if record.has("gka1b"):
        kept.add("gka1b", record.content["parts"]["gka1b"])


if __name__ == "__main__":
    main(sys.argv[1])
