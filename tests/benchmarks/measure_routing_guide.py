"""How strong the pull towards even loads should be: optima found by QAOA for several mu.

Problems come from models of ``study_expert_assignment`` in training, of seeds that the study does not use:
linear, with the study's pairs, and with pairs alone. For each mu the number of problems whose optimum (by
enumeration) is among the draws, the mean share of feasible draws, and problems without a feasible draw. Run
it as ``python measure_routing_guide.py FILE``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import study_expert_assignment as study
import torch
from record import Record

import hybrid_opt as ho
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.tuning import routing_guide
from hybrid_opt.tuning.expert_layers import find_expert_layers
from hybrid_opt.tuning.routing_problem import RoutingProblem
from hybrid_opt.tuning.routing_rows import attempt

SEED = 29
SEEDS = (5, 6, 7)
WEIGHTS = (0.5, 1.0, 2.0, 4.0)


def problems(task: str, data: Any, seed: int) -> Iterator[tuple[str, RoutingProblem]]:
    """Kind and problem, for every layer of a model at the step where the study sets routers."""
    model = study.make_model(task, "no balancing", data, seed).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=study.LEARNING_RATE)
    stream = study.batches(data, seed)
    for _ in range(study.FIRST):
        study.training_step(model, optimizer, next(stream))
    for layer in find_expert_layers(model):
        clusters = ho.tuning.cluster_tokens(
            model, data, layer, study.CLUSTERS, examples=study.EXAMPLES, seed=seed
        )
        room = clusters.room(study.ROOM)
        paired = clusters.problem(capacity=room, **study.PAIRS)
        yield "linear", clusters.problem(capacity=room)
        yield "with pairs", paired
        yield "pairs alone", replace(paired, affinity=np.zeros(paired.shape), co_weight=0.0)


def asked(problem: RoutingProblem, weight: float, seed: int) -> dict[str, Any]:
    """QAOA under one mu."""
    guide = routing_guide.guiding_problem
    routing_guide.guiding_problem = lambda one: guide(one, weight)
    try:
        row = attempt(problem, "qaoa", seed=seed, time_limit=60.0)
    finally:
        routing_guide.guiding_problem = guide
    return {"objective": row.objective, "feasible": row.feasible, "feasible share": row.feasible_share}


def measure(task: str, data: Any, seed: int) -> list[dict[str, Any]]:
    """All problems of one model."""
    found = []
    for kind, problem in problems(task, data, seed):
        best = ho.tuning.assign_experts(problem, "exact", seed=seed)
        runs = {str(weight): asked(problem, weight, seed) for weight in WEIGHTS}
        equations = problem.capacity_rows()[2] == "=="
        found.append({"kind": kind, "equations": equations, "optimum": best.objective, "runs": runs})
    return found


def summary(parts: dict[str, Any]) -> dict[str, Any]:
    """By kind and mu, over the problems whose capacities are inequalities."""
    rows = [row for name, part in parts.items() if name != "summary" for row in part if not row["equations"]]
    result: dict[str, Any] = {}
    for kind in sorted({row["kind"] for row in rows}):
        own = [row for row in rows if row["kind"] == kind]
        result[kind] = {
            str(weight): {
                "problems": len(own),
                "optimal": sum(_optimal(row, str(weight)) for row in own),
                "without a feasible draw": sum(not row["runs"][str(weight)]["feasible"] for row in own),
                "feasible share": mean(row["runs"][str(weight)]["feasible share"] or 0.0 for row in own),
            }
            for weight in WEIGHTS
        }
    return result


def _optimal(row: dict[str, Any], weight: str) -> bool:
    run = row["runs"][weight]
    return bool(run["feasible"] and run["objective"] <= row["optimum"] + 1e-9)


def main(path: str) -> None:
    """Run what is not yet in the file."""
    record = Record(Path(path), seed=SEED)
    for task in study.MODELS:
        data = load_data(
            "pydoc_topics", task=task, tokenizer="characters", sequence_length=study.LENGTH, seed=SEED
        )
        for seed in SEEDS:
            if not record.has(f"{task}, seed {seed}"):
                record.add(f"{task}, seed {seed}", measure(task, data, seed))
    record.add("summary", summary(record.content["parts"]))


if __name__ == "__main__":
    main(sys.argv[1])
