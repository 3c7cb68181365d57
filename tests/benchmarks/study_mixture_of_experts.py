"""Is a mixture of experts worth it, and which balancing? A small character GPT at equal active parameters.

Every model sees the same batches in the same order and has the same width, heads and layers; they differ
in the feed-forward part alone. ``dense`` has the width of two experts, so that a token meets as many
parameters as under two of eight experts (the router's apart); ``dense, all parameters`` has the width of all
eight, what the experts would be without sparsity. Per part, one model and seed:

* held-out loss (nats per character) along training and at the end, on all windows of the test split;
* for the experts, in the second half of training: MaxVio over all steps together and its mean over steps,
  dropped share, router entropy, experts per token; and in evaluation: MaxVio, experts per token;
* parameters in all and per token.

``speed`` holds times of a training step, of interleaved runs. ``summary`` holds means and standard errors
over seeds, and the difference to ``dense`` seed by seed.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from record import Record
from timing import paired

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.moe_layer import MoELayer

SEED = 11
SEEDS = (0, 1, 2, 3, 4)
STEPS, BATCH, LENGTH, TEST_BATCH = 300, 16, 128, 64
CHECKS = 3
LEARNING_RATE, WARMUP = 1e-3, 50
HIDDEN, LAYERS, HEADS, EXPERTS, ACTIVE, WIDTH = 64, 3, 4, 8, 2, 128
METRIC = "squared_l2"
LIMIT: int | None = None
ROUNDS = 10
DENSE = "dense"
FIGURES = ("max_violation", "mean_pass_violation", "dropped_share", "router_entropy", "mean_active")

ARMS: dict[str, dict[str, Any] | int] = {
    DENSE: ACTIVE,
    "dense, all parameters": EXPERTS,
    "top 2, auxiliary": {"top_k": ACTIVE},
    "top 2, loss-free": {"top_k": ACTIVE, "balance": "loss_free"},
    "top 2, no balancing": {"top_k": ACTIVE, "balance": "none"},
    "top 2, auxiliary, capacity 1.25": {"top_k": ACTIVE, "capacity_factor": 1.25},
    "dynamic, 2 on average, auxiliary": {"target_active": float(ACTIVE)},
}


def make_model(arm: str, data: Any, seed: int) -> DistanceGPT:
    """The model of an arm."""
    settings = ARMS[arm]
    torch.manual_seed(seed)
    widths: dict[str, Any] = {"intermediate_size": WIDTH}
    if isinstance(settings, int):
        widths = {"intermediate_size": WIDTH * settings}
    else:
        widths |= {"feed_forward": "moe", "moe": {"num_experts": EXPERTS, **settings}}
    config: DistanceTransformerConfig = data.config(
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        metric=METRIC,
        attention_dropout=0.0,
        hidden_dropout=0.0,
        **widths,
    )
    return DistanceGPT(config)


def batches(data: Any, seed: int) -> Iterator[torch.Tensor]:
    """Batches of training windows without end, the same for every arm."""
    generator = torch.Generator().manual_seed(1000 + seed)
    while True:
        order = torch.randperm(len(data.train), generator=generator)
        for part in order.split(BATCH):
            if len(part) == min(BATCH, len(order)):
                yield torch.stack([data.train[int(i)]["input_ids"] for i in part])


def held_out(model: DistanceGPT, data: Any) -> float:
    """Mean loss over the test windows, nats per character."""
    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(data.test), TEST_BATCH):
            rows = [data.test[i] for i in range(start, min(start + TEST_BATCH, len(data.test)))]
            ids = torch.stack([row["input_ids"] for row in rows])
            labels = torch.stack([row["labels"] for row in rows])
            number = int((labels[:, 1:] != -100).sum())
            total += float(model(input_ids=ids, labels=labels).loss) * number
            count += number
    model.train()
    return total / count


def training_step(model: DistanceGPT, optimizer: torch.optim.Optimizer, ids: torch.Tensor) -> float:
    """One step; the loss of the task together with the router's."""
    loss = model(input_ids=ids, labels=ids).loss
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def experts_of(model: DistanceGPT) -> list[MoELayer]:
    """Its mixtures, by layer."""
    return [part for part in model.modules() if isinstance(part, MoELayer)]


def routing(model: DistanceGPT) -> list[dict[str, Any]]:
    """What the routers did since the last call, by layer."""
    figures = [layer.statistics().to_dict() for layer in experts_of(model)]
    for layer in experts_of(model):
        layer.reset_statistics()
    return figures


def per_token(model: DistanceGPT) -> float:
    """Parameters that a token meets."""
    total = float(sum(parameter.numel() for parameter in model.parameters()))
    for layer in experts_of(model):
        total += layer.parameters_per_token() - sum(part.numel() for part in layer.parameters())
    return total


def train_arm(arm: str, data: Any, seed: int) -> dict[str, Any]:
    """Train one model and look at it."""
    model = make_model(arm, data, seed).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 1 / WARMUP, total_iters=WARMUP),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, STEPS - WARMUP)),
        ],
        [WARMUP],
    )
    stream, curve = batches(data, seed), []
    for step in range(STEPS):
        if step == STEPS // 2:
            routing(model)
        training_step(model, optimizer, next(stream))
        schedule.step()
        if (step + 1) % max(1, STEPS // CHECKS) == 0 and step + 1 < STEPS:
            # a copy, so that the statistics of training stay apart
            curve.append({"step": step + 1, "loss": held_out(copy.deepcopy(model), data)})
    in_training = routing(model)
    loss = held_out(model, data)
    return {
        "loss": loss,
        "curve": curve,
        "routing in training": in_training,
        "routing in evaluation": routing(model),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "parameters per token": per_token(model),
    }


def speed(data: Any) -> dict[str, Any]:
    """Times of a training step by arm, taking turns."""
    stream = batches(data, 0)
    ids = next(stream)
    tasks = {}
    for arm in ARMS:
        model = make_model(arm, data, 0).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
        tasks[arm] = lambda model=model, optimizer=optimizer: training_step(model, optimizer, ids)
    seconds = paired(ROUNDS, **tasks)
    return {
        "seconds": seconds,
        "ratio to dense": {arm: value / seconds[DENSE] for arm, value in seconds.items()},
        "threads": torch.get_num_threads(),
    }


def spread(values: list[float]) -> dict[str, float]:
    """Mean and its standard error."""
    error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return {"mean": mean(values), "standard error": error}


def summary(parts: dict[str, Any]) -> dict[str, Any]:
    """Over seeds: losses, their differences to the dense model of the same seed, and routing over layers."""
    result = {}
    for arm in ARMS:
        rows = [parts[f"{arm}, seed {seed}"] for seed in SEEDS]
        base = [parts[f"{DENSE}, seed {seed}"]["loss"] for seed in SEEDS]
        entry = {
            "loss": spread([row["loss"] for row in rows]),
            "loss minus dense": spread([row["loss"] - other for row, other in zip(rows, base, strict=True)]),
            "parameters": rows[0]["parameters"],
            "parameters per token": rows[0]["parameters per token"],
        }
        for phase in ("training", "evaluation"):
            figures = [layer for row in rows for layer in row[f"routing in {phase}"]]
            if figures:
                entry[phase] = {name: mean(figure[name] for figure in figures) for name in FIGURES}
        result[arm] = entry
    return result


def main(path: str) -> None:
    """Run what is not yet in the file."""
    record = Record(Path(path), seed=SEED)
    data = load_data("pydoc_topics", tokenizer="characters", sequence_length=LENGTH, limit=LIMIT, seed=SEED)
    if not record.has("data"):
        settings = {"steps": STEPS, "batch": BATCH, "length": LENGTH, "seeds": list(SEEDS), "metric": METRIC}
        sizes = {"windows": len(data.train), "test windows": len(data.test), "characters": data.vocab_size}
        record.add("data", {"hash": data.hash, "notes": list(data.notes), **settings, **sizes})
    for seed in SEEDS:
        for arm in ARMS:
            if not record.has(f"{arm}, seed {seed}"):
                record.add(f"{arm}, seed {seed}", train_arm(arm, data, seed))
    if not record.has("speed"):
        record.add("speed", speed(data))
    if not record.has("summary"):
        record.add("summary", summary(record.content["parts"]))


if __name__ == "__main__":
    main(sys.argv[1])
