"""Tokens assigned to experts, beside routers that balance themselves: loss, load, drops, and what it costs.

Two tasks on the same text, an encoder that fills in hidden characters and a causal character model. Every
token meets one expert in every layer, so that all models have the same active parameters and see the same
batches in the same order; they differ in how tokens get to experts alone:

* a loss for balance, the same with a capacity, a bias (loss-free), nothing;
* expert choice, for the encoder alone: in a causal model it would look at later tokens;
* an assignment of clusters (MILP, capacity 1.25 even shares) that sets the router once, or every so many
  steps, beside the same by each cluster's best expert, capacity ignored;
* a frozen table of an assignment, beside a table of an assignment that is drawn at random.

Per arm and seed: held-out loss in nats per character, load of the experts in the second half of training and
in evaluation (MaxVio, its mean over passes, coefficient of variation, dropped share, tokens without an
expert, router entropy, experts per token), seconds of all assignments and of the whole training. ``solvers``
holds, per seed and layer, what each method reaches on the assignment of the model at the step where the
router is set, without and with pairs; ``speed`` the times of a training step, of interleaved runs.
``summary`` holds means and standard errors over seeds and the difference to "auxiliary" seed by seed.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from time import perf_counter
from typing import Any

import numpy as np
import torch
from record import Record
from timing import paired

import hybrid_opt as ho
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.encoder_heads import DistanceEncoderForMaskedLM
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.tuning.expert_layers import find_expert_layers

SEED = 23
SEEDS = (0, 1, 2, 3, 4)
STEPS, BATCH, LENGTH = 500, 16, 64
FIRST, EVERY = 100, 100
LEARNING_RATE, WARMUP = 4e-3, 50
HIDDEN, LAYERS, HEADS, EXPERTS, WIDTH = 48, 2, 4, 4, 96
CLUSTERS, EXAMPLES, ROOM = 8, 32, 1.25
METRIC = "squared_l2"
LIMIT: int | None = None
TEST_EXAMPLES = 256
ROUNDS = 10
PAIRS = {"co_weight": 0.1, "sim_weight": 0.05}
MODELS = {"masked_lm": DistanceEncoderForMaskedLM, "causal_lm": DistanceGPT}
BASE = "auxiliary"
FIGURES = (
    *("max_violation", "mean_pass_violation", "coefficient_of_variation", "dropped_share"),
    *("tokens_without_expert", "router_entropy", "mean_active"),
)

NONE = {"balance": "none"}
ARMS: dict[str, dict[str, Any]] = {
    BASE: {"moe": {}},
    "auxiliary, capacity 1.25": {"moe": {"capacity_factor": 1.25}},
    "loss-free": {"moe": {"balance": "loss_free", "bias_speed": 0.01}},
    "no balancing": {"moe": NONE},
    "expert choice": {"moe": {"balance": "expert_choice"}},
    "assigned once": {"moe": NONE, "until": FIRST, "method": "milp"},
    "assigned every 100": {"moe": NONE, "until": STEPS, "method": "milp"},
    "assigned every 100, auxiliary": {"moe": {}, "until": STEPS, "method": "milp"},
    "best expert every 100": {"moe": NONE, "until": STEPS, "method": "argmax"},
    "frozen table": {"moe": NONE, "freeze": "milp"},
    "frozen table, random": {"moe": NONE, "freeze": "random"},
}


def arms_of(task: str) -> list[str]:
    """What can be asked of a task."""
    return [arm for arm in ARMS if task == "masked_lm" or arm != "expert choice"]


def make_model(task: str, arm: str, data: Any, seed: int) -> Any:
    """The model of an arm."""
    torch.manual_seed(seed)
    config = data.config(
        hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=WIDTH,
        metric=METRIC, attention_dropout=0.0, hidden_dropout=0.0, feed_forward="moe",
        moe={"num_experts": EXPERTS, "top_k": 1, **ARMS[arm]["moe"]},
    )  # fmt: skip
    return MODELS[task](config)


def batches(data: Any, seed: int) -> Iterator[dict[str, torch.Tensor]]:
    """Batches of training windows without end, the same for every arm."""
    generator = torch.Generator().manual_seed(1000 + seed)
    while True:
        order = torch.randperm(len(data.train), generator=generator)
        for part in order.split(BATCH)[: len(order) // BATCH]:
            rows = [data.train[int(i)] for i in part]
            yield {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def training_step(model: Any, optimizer: torch.optim.Optimizer, batch: dict[str, torch.Tensor]) -> None:
    """One step on the loss of the task together with the router's."""
    loss = model(**batch).loss
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def routing_figures(model: Any) -> list[dict[str, Any]]:
    """What the routers did since the last call, by layer."""
    layers = find_expert_layers(model).values()
    figures = [layer.statistics().to_dict() for layer in layers]
    for layer in layers:
        layer.reset_statistics()
    return [{name: figure[name] for name in (*FIGURES, "tokens")} for figure in figures]


def freeze(model: Any, data: Any, method: str, seed: int) -> None:
    """A table for each layer: of the proven assignment, or of one that is drawn."""
    for layer in find_expert_layers(model):
        clusters = ho.tuning.cluster_tokens(model, data, layer, CLUSTERS, examples=EXAMPLES, seed=seed)
        problem = clusters.problem(capacity=clusters.room(ROOM))
        if method == "random":
            drawn = np.random.default_rng(seed + layer).normal(size=problem.affinity.shape)
            problem = replace(problem, affinity=drawn)
        ho.tuning.assign_experts(problem, "milp", seed=seed).freeze(model, layer)


def train_arm(task: str, arm: str, data: Any, seed: int) -> dict[str, Any]:
    """Train one model and look at it."""
    settings = ARMS[arm]
    model = make_model(task, arm, data, seed).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 1 / WARMUP, total_iters=WARMUP),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, STEPS - WARMUP)),
        ],
        [WARMUP],
    )
    again = None
    if "method" in settings:
        again = ho.tuning.ExpertReassignment(
            data, n_clusters=CLUSTERS, every=EVERY, method=settings["method"], capacity_factor=ROOM,
            examples=EXAMPLES, seed=seed,
        )  # fmt: skip
    stream, assigning, begin = batches(data, seed), 0.0, perf_counter()
    for step in range(1, STEPS + 1):
        if step == STEPS // 2 + 1:
            routing_figures(model)
        training_step(model, optimizer, next(stream))
        schedule.step()
        since = perf_counter()
        if again is not None and step % EVERY == 0 and step <= min(settings["until"], STEPS - 1):
            for layer, mixture in find_expert_layers(model).items():
                again.history.append(again.assign(model, layer, step))
                for parameter in mixture.router.parameters():
                    optimizer.state.pop(parameter, None)
        if "freeze" in settings and step == FIRST:
            freeze(model, data, settings["freeze"], seed)
            model.train()
        assigning += perf_counter() - since
    seconds = perf_counter() - begin
    in_training = routing_figures(model)
    test = ho.tuning.read_batches(
        data, model, split="test", examples=TEST_EXAMPLES, batch_size=64, task=task, seed=1
    )
    return {
        "loss": test.mean_loss(model),
        "routing in training": in_training,
        "routing in evaluation": routing_figures(model),
        "seconds": seconds,
        "seconds of assignments": assigning,
        "assignments": [] if again is None else again.to_dict(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


def solvers(task: str, data: Any, seed: int) -> list[dict[str, Any]]:
    """What each method reaches on the assignment where a router is first set."""
    model = make_model(task, "no balancing", data, seed).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    stream = batches(data, seed)
    for _ in range(FIRST):
        training_step(model, optimizer, next(stream))
    found = []
    for layer in find_expert_layers(model):
        clusters = ho.tuning.cluster_tokens(model, data, layer, CLUSTERS, examples=EXAMPLES, seed=seed)
        for kind, weights in (("linear", {}), ("with pairs", PAIRS)):
            problem = clusters.problem(capacity=clusters.room(ROOM), **weights)
            rivals = ("milp", "exact", "greedy", "uniform", "sinkhorn", "argmax")
            routing = ho.tuning.assign_experts(problem, "qaoa", compare=rivals, seed=seed)
            rows = routing.to_dict()["rows"]
            found.append({"layer": layer, "kind": kind, "states": problem.states, "rows": rows})
    return found


def speed(task: str, data: Any) -> dict[str, Any]:
    """Times of a training step by router, taking turns."""
    batch = next(batches(data, 0))
    tasks = {}
    for arm in arms_of(task):
        if "method" in ARMS[arm] or ARMS[arm].get("freeze") == "random":
            continue  # the step between two assignments is that of a softmax router
        model = make_model(task, arm, data, 0).train()
        if "freeze" in ARMS[arm]:
            freeze(model, data, ARMS[arm]["freeze"], 0)
            model.train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
        tasks[arm] = lambda model=model, optimizer=optimizer: training_step(model, optimizer, batch)
    seconds = paired(ROUNDS, **tasks)
    return {"seconds": seconds, "ratio": {arm: value / seconds[BASE] for arm, value in seconds.items()}}


def spread(values: list[float]) -> dict[str, float]:
    """Mean and its standard error."""
    error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return {"mean": mean(values), "standard error": error}


def summary(parts: dict[str, Any], task: str) -> dict[str, Any]:
    """Over seeds: losses, their differences to the auxiliary loss of the same seed, routing over layers."""
    result = {}
    for arm in arms_of(task):
        rows = [parts[f"{task}, {arm}, seed {seed}"] for seed in SEEDS]
        base = [parts[f"{task}, {BASE}, seed {seed}"]["loss"] for seed in SEEDS]
        entry: dict[str, Any] = {
            "loss": spread([row["loss"] for row in rows]),
            "perplexity": float(np.exp(mean(row["loss"] for row in rows))),
            f"loss minus {BASE}": spread(
                [row["loss"] - other for row, other in zip(rows, base, strict=True)]
            ),
            "share of the time spent on assignments": mean(
                row["seconds of assignments"] / row["seconds"] for row in rows
            ),
        }
        for phase in ("training", "evaluation"):
            figures = [copy.copy(layer) for row in rows for layer in row[f"routing in {phase}"]]
            for figure in figures:
                figure["tokens_without_expert"] /= figure["tokens"]
            entry[phase] = {name: mean(figure[name] for figure in figures) for name in FIGURES}
        result[arm] = entry
    return result


def main(path: str) -> None:
    """Run what is not yet in the file."""
    record = Record(Path(path), seed=SEED)
    for task in MODELS:
        data = load_data(
            "pydoc_topics", task=task, tokenizer="characters", sequence_length=LENGTH, limit=LIMIT, seed=SEED
        )
        if not record.has(f"{task}, data"):
            record.add(f"{task}, data", {"hash": data.hash, "windows": len(data.train), "steps": STEPS})
        for seed in SEEDS:
            for arm in arms_of(task):
                name = f"{task}, {arm}, seed {seed}"
                if not record.has(name):
                    result = train_arm(task, arm, data, seed)
                    record.add(name, result)
                    sys.stderr.write(f"{name}: {result['loss']:.4f}, {result['seconds']:.1f} s\n")
            if not record.has(f"{task}, solvers, seed {seed}"):
                record.add(f"{task}, solvers, seed {seed}", solvers(task, data, seed))
        if not record.has(f"{task}, speed"):
            record.add(f"{task}, speed", speed(task, data))
        record.add(f"{task}, summary", summary(record.content["parts"], task))


if __name__ == "__main__":
    main(sys.argv[1])
