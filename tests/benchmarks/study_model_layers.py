"""Quantum layers at work inside the transformer, each against classical controls: is any of them worth it?

Parts: a controller of lambda and dropout, a router of experts, a gate of heads, a choice among bins of
lambda, a choice of each layer's metric. Each arm is the same small model with another component; controls
have at least as many parameters. Every arm gets the same tuning budget, the two learning rates of ``RATES``
on a seed of its own, and is then trained on five further seeds. What is compared is the loss on the test
split, seed by seed; intervals are 95 % (Student).

Tasks: handwritten digits as 16 patches (encoder), characters of the Python documentation (decoder).

    python tests/benchmarks/study_model_layers.py docs/studies/model_layers.json [TASK ...]

What is in the file already is not run again.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from optuna.distributions import CategoricalDistribution
from record import Record

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.tuning import AttentionObjective
from hybrid_opt.tuning.finalists import half_width

SEED = 61
SEEDS = 5
RATES = (3e-3, 1e-2)
LAYERS, HEADS, KEEP = 2, 4, 2
STEPS = {"digits": 250, "characters": 150}
TASKS = tuple(STEPS)
NATIVE = {"simulator": "native"}
EXPERTS = {"feed_forward": "moe", "moe": {"num_experts": 4, "top_k": 1}}
BINS = 4
METRICS = ["l2", "l1"]  # the first is where a choice starts, and the metric of all other parts
PARTS: dict[str, dict[str, dict[str, Any]]] = {
    "controller": {
        "none": {},
        "constant": {"controller": {"name": "constant"}},
        "mlp": {"controller": {"name": "mlp"}},
        "separable circuit": {"controller": {"name": "separable", **NATIVE}},
        "qnn": {"controller": {"name": "qnn", **NATIVE}},
    },
    "router": {
        "softmax": EXPERTS,
        "cosine": {**EXPERTS, "router": {"name": "cosine"}},
        "rbf": {**EXPERTS, "router": {"name": "rbf"}},
        "quantum kernel": {**EXPERTS, "router": {"name": "quantum_kernel", **NATIVE}},
    },
    "head gate": {
        "none": {},
        "top k": {"head_gate": {"name": "top_k", "keep": KEEP}},
        "gumbel top k": {"head_gate": {"name": "gumbel_top_k", "keep": KEEP}},
        "qaoa": {"head_gate": {"name": "qaoa", "keep": KEEP, **NATIVE}},
    },
    "bins of lambda": {
        "none": {},
        "softmax": {"controller": {"name": "softmax_bins"}},
        "exhaustive": {},
        "vqe": {"controller": {"name": "vqe_bins", **NATIVE}},
    },
    "metric of a layer": {
        "none": {},
        "softmax": {"metric_choice": {"name": "softmax_metric", "metrics": METRICS}},
        "exhaustive": {},
        "vqe": {"metric_choice": {"name": "vqe_metric", "metrics": METRICS, **NATIVE}},
    },
}
OWN = {
    "controller": "qnn",
    "router": "quantum kernel",
    "head gate": "qaoa",
    "bins of lambda": "vqe",
    "metric of a layer": "vqe",
}


def objective_of(task: str) -> AttentionObjective:
    """What trains the models of a task."""
    settings: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    if task == "digits":
        data = load_data("digit_patches")
    else:
        data = load_data("pydoc_topics", tokenizer="characters", sequence_length=64, limit=60)
    training = TrainingSettings(max_steps=STEPS[task], batch_size=32)
    space = {"learning_rate": CategoricalDistribution(RATES)}
    config = data.config(metric="l2", hidden_dropout=0.1, attention_dropout=0.1, **settings)
    return AttentionObjective(config, data, training, search_space=space, seed=SEED)


def run(objective: AttentionObjective, settings: dict[str, Any], rate: float, seed: int) -> dict[str, Any]:
    """One training: losses, parameters, seconds of a step."""
    begin = perf_counter()
    model, validation = objective.train({**settings, "learning_rate": rate}, seed)
    seconds = perf_counter() - begin
    chosen = {}
    if "metric_choice" in settings:
        chosen["metrics"] = [layer.metrics[0] for layer in model.attention_layers()]
    return {
        **chosen,
        "validation": validation,
        "test": objective.held_out(model),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "seconds per step": seconds / (objective.training.max_steps or 1),
    }


def name_of(task: str, part: str, arm: str) -> str:
    """Name of the runs of an arm; the model without any component is the same in all parts."""
    return f"{task} | plain" if arm == "none" else f"{task} | {part} | {arm}"


def tuned(objective: AttentionObjective, part: str, arm: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The best learning rate (and bins or metrics, where all are tried) on a seed of its own."""
    options = [settings]
    if part == "bins of lambda" and arm == "exhaustive":
        bins = itertools.product(range(BINS), repeat=LAYERS)
        options = [
            {"controller": {"name": "fixed_bins", "bins": [[one] for one in choice]}} for choice in bins
        ]
    if part == "metric of a layer" and arm == "exhaustive":
        # As one name per head, which a list per layer of as many layers as heads could be taken for.
        names = itertools.product(METRICS, repeat=LAYERS)
        options = [{"metric": [[name] * HEADS for name in choice]} for choice in names]
    tried = [
        (run(objective, option, rate, SEED)["validation"], rate, option)
        for option in options
        for rate in RATES
    ]
    loss, rate, chosen = min(tried, key=lambda one: one[0])
    return {"rate": rate, "settings": chosen, "validation": loss, "trainings": len(tried)}


def summary(parts: dict[str, Any], task: str) -> dict[str, Any]:
    """Means over seeds, and the quantum arm against each control seed by seed."""
    table: dict[str, Any] = {}
    for part, arms in PARTS.items():
        rows, losses = {}, {}
        for arm in arms:
            name = name_of(task, part, arm)
            runs = [parts[f"{name} | seed {seed}"] for seed in range(SEEDS)]
            losses[arm] = np.array([one["test"] for one in runs])
            rows[arm] = {
                "test": [float(losses[arm].mean()), half_width(losses[arm].tolist())],
                "parameters": runs[0]["parameters"],
                "seconds per step": float(np.median([one["seconds per step"] for one in runs])),
                "rate": parts[f"{name} | tuning"]["rate"],
            }
        own = losses[OWN[part]]
        against = {}
        for arm in arms:
            if arm != OWN[part]:
                difference = own - losses[arm]
                against[arm] = [float(difference.mean()), half_width(difference.tolist())]
        table[part] = {"arms": rows, f"{OWN[part]} minus": against}
    return table


def main(path: str, *tasks: str) -> None:
    """Run what is missing of the tasks named (of all, if none is)."""
    torch.set_num_threads(1)
    record = Record(Path(path), seed=SEED)
    for task in tasks or TASKS:
        objective = objective_of(task)
        for part, arms in PARTS.items():
            for arm, settings in arms.items():
                name = name_of(task, part, arm)
                if not record.has(f"{name} | tuning"):
                    record.add(f"{name} | tuning", tuned(objective, part, arm, settings))
                best = record.content["parts"][f"{name} | tuning"]
                for seed in range(SEEDS):
                    if not record.has(f"{name} | seed {seed}"):
                        result = run(objective, best["settings"], best["rate"], SEED + 1 + seed)
                        record.add(f"{name} | seed {seed}", result)
                        sys.stderr.write(f"{name} | seed {seed}: test {result['test']:.4f}\n")
        record.add(f"{task}, summary", summary(record.content["parts"], task))


if __name__ == "__main__":
    main(*sys.argv[1:])
