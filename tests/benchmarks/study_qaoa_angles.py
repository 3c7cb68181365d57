"""Where should QAOA's angles start? Table angles, random angles and trained ones, beside uniform sampling.

Per family, depth and instance: P(optimum) of one draw, share of feasible draws, and the normalized energy
(worst - mean) / (worst - best) over all bit strings, for

* ``table``: the package's default, a published table rescaled to the weights, nothing trained;
* ``trained``: the same start after COBYLA with a fixed number of evaluations;
* ``random``: angles drawn uniformly (mean over several draws), nothing trained;
* ``random trained``: one random start after the same training;
* ``uniform``: every bit string alike (P(optimum) among feasible ones stands beside it).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from record import Record
from scipy.optimize import minimize

import hybrid_opt as ho
from hybrid_opt import circuits
from hybrid_opt.qubo.enumeration import count_and_minimize

SEED = 11
EVALUATIONS = 60
DEPTHS = (1, 3, 5, 8)
INSTANCES = 10
RANDOM_DRAWS = 5


def families(bits: int) -> dict[str, Any]:
    """Name -> function from an instance number to a model of about ``bits`` bits."""

    def regular(k: int) -> Any:
        return ho.graphs.maxcut(nx.random_regular_graph(3, bits, seed=SEED + k))

    def weighted(k: int) -> Any:
        rng = np.random.default_rng(SEED + k)
        graph = nx.gnp_random_graph(bits, 0.5, seed=SEED + k)
        for u, v in graph.edges:
            graph.edges[u, v]["weight"] = float(rng.normal())
        return ho.graphs.maxcut(graph)

    def budget(k: int) -> Any:
        rng = np.random.default_rng(SEED + k)
        model = ho.LevelModel()
        for line in range(bits // 3):
            curve = np.cumsum(rng.random(4))
            model.add_variable(f"line {line}", costs=-curve)
        model.add_constraint(dict.fromkeys(model.variables, 1), "==", bits // 2, label="budget")
        return model

    return {"3-regular max-cut": regular, "weighted max-cut": weighted, "budget, spend exactly": budget}


def figures(probabilities: np.ndarray, energies: np.ndarray, good: dict[str, Any]) -> dict[str, float]:
    """P(optimum), feasible share and normalized energy of a distribution over bit strings."""
    mean = float(probabilities @ energies)
    return {
        "p_optimum": float(probabilities[good["optimal"]].sum()),
        "feasible": float(probabilities[good["feasible"]].sum()),
        "ratio": (float(energies.max()) - mean) / (float(energies.max()) - float(energies.min())),
    }


def instance(model: Any, depth: int, seed: int, evaluations: int) -> dict[str, Any]:
    """All starts on one instance at one depth."""
    qubo = ho.to_qubo(model)
    qaoa = circuits.CircuitQAOA(qubo.bqm)
    energies = qaoa.energies
    strings = (np.arange(len(energies))[:, None] >> np.arange(qubo.n_bits - 1, -1, -1)) & 1
    states, valid = qubo.decode_bits(strings)
    feasible = valid & qubo.problem.feasible(states)
    objective = np.where(feasible, qubo.problem.objective(states), np.inf)
    census = count_and_minimize(qubo.problem)
    good = {"feasible": feasible, "optimal": objective <= objective.min() + 1e-9}
    rng = np.random.default_rng([SEED, seed, depth])

    def run(angles: np.ndarray) -> dict[str, float]:
        return figures(qaoa.probabilities(angles[:depth], angles[depth:]), energies, good)

    def train(angles: np.ndarray) -> np.ndarray:
        best: list[Any] = [np.inf, angles]

        def value(point: np.ndarray) -> float:
            energy = qaoa.value(point[:depth], point[depth:])
            if energy < best[0]:
                best[:] = [energy, point.copy()]
            return energy

        minimize(value, angles, method="COBYLA", options={"maxiter": evaluations, "rhobeg": 0.1})
        return np.asarray(best[1])

    table = np.concatenate(circuits.initial_angles(qubo.bqm, depth))
    scale = float(np.abs(table[:depth]).max())
    draws = [
        np.concatenate([rng.uniform(0, 2 * scale, depth), rng.uniform(-np.pi / 2, np.pi / 2, depth)])
        for _ in range(RANDOM_DRAWS)
    ]
    randoms = [run(angles) for angles in draws]
    return {
        "bits": qubo.n_bits,
        "table": run(table),
        "trained": run(train(table)),
        "random": {key: float(np.mean([r[key] for r in randoms])) for key in randoms[0]},
        "random trained": run(train(draws[0])),
        "uniform": figures(np.full(len(energies), 1 / len(energies)), energies, good),
        "uniform feasible p_optimum": census.n_minimum / census.n_feasible,
    }


def parts(bits: int, depths: tuple[int, ...], instances: int) -> Iterator[tuple[str, Any, int, int]]:
    """Name, model builder, depth and instance number of every part."""
    for name, build in families(bits).items():
        for depth in depths:
            for k in range(instances):
                yield f"{name} | depth {depth} | instance {k}", build, depth, k


def summary(record: Record) -> dict[str, Any]:
    """Mean and standard error over instances, per family, depth and start."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, result in record.content["parts"].items():
        if "|" in name:
            groups.setdefault(" | ".join(name.split(" | ")[:2]), []).append(result)
    table: dict[str, Any] = {}
    for name, results in sorted(groups.items()):
        table[name] = {"instances": len(results)}
        for start in ("table", "trained", "random", "random trained", "uniform"):
            for key in ("p_optimum", "feasible", "ratio"):
                numbers = np.array([result[start][key] for result in results])
                error = numbers.std(ddof=1) / np.sqrt(len(numbers)) if len(numbers) > 1 else 0.0
                table[name][f"{start} {key}"] = [round(float(numbers.mean()), 5), round(float(error), 5)]
        share = np.mean([result["uniform feasible p_optimum"] for result in results])
        table[name]["uniform feasible p_optimum"] = round(float(share), 5)
    return table


def main(path: str) -> None:
    """Run what is missing and write the summary."""
    record = Record(Path(path), seed=SEED)
    for name, build, depth, k in parts(12, DEPTHS, INSTANCES):
        if not record.has(name):
            record.add(name, instance(build(k), depth, k, EVALUATIONS))
            sys.stderr.write(f"{name}\n")
    record.add("summary", summary(record))


if __name__ == "__main__":
    main(sys.argv[1])
