"""The performance callbacks of training, each on and off and all together: what does each gain, and cost?

Tasks: handwritten digits as 16 patches (encoder), characters of the Python documentation (decoder). Every arm
trains the same small model with the same settings and five seeds; nothing is tuned for any arm. Compared are
losses on the test split, seed by seed; intervals are 95 % (Student).

Controls: "dropout 0" for dropout that follows entropy (is it the following, or just another dropout?),
"closed after training" for gradual sparsity (the heads of least importance closed at once, at the end), and
for the learning rate that follows progress a rate that is twice as high from the start (beside the "rising
rate") and a constant rate ten times as high, where validation does stall.

The memory budget is a part of its own, on a larger model and in processes of its own, since the memory of a
process is what is measured.

    python tests/benchmarks/study_performance_callbacks.py FILE.json [PART ...]

Parts are the tasks, "memory" and "cost" (of measuring in a step). What is in the file is not run again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch
from record import Record
from scipy import stats

from hybrid_opt.classical import load_data, train
from hybrid_opt.classical.entropy_measurement import EntropyMeasurement
from hybrid_opt.classical.evaluation_pass import add_up, stack_examples
from hybrid_opt.classical.gate_gradients import GateGradients
from hybrid_opt.classical.head_sites import find_head_sites
from hybrid_opt.classical.sparsity_rule import least_important
from hybrid_opt.classical.trained_folder import model_class
from hybrid_opt.classical.training_settings import TrainingSettings

SEED = 71
SEEDS = 5
TARGET = 0.25
RATE = 3e-3
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "metric": "l2"}
STEPS = {"digits": 200, "characters": 120}
BATCH = {"digits": 32, "characters": 16}
TASKS = tuple(STEPS)
ENTROPY = {"entropy_dropout": {}}
SPARSITY = {"head_sparsity": {"target": TARGET}}
PROGRESS = {"progress_learning_rate": {}}
RISING = {"progress_learning_rate": {"increase": 1.3, "streak": 2, "cooldown": 0}}
BOLD = {"schedule": "constant", "learning_rate": 10 * RATE}
MEMORY = {"memory_budget": {"mebibytes": 4096, "precisions": ["float32"], "checkpointing": False}}
ARMS: dict[str, dict[str, Any]] = {
    "off": {},
    "progress_learning_rate": {"callbacks": PROGRESS},
    "entropy_dropout": {"callbacks": ENTROPY},
    "dropout 0": {"attention_dropout": 0.0},
    "head_sparsity": {"callbacks": SPARSITY},
    "memory_budget": {"callbacks": MEMORY},
    "all together": {"callbacks": {**PROGRESS, **ENTROPY, **SPARSITY, **MEMORY}},
    "rising rate": {"callbacks": RISING},
    "rate doubled": {"learning_rate": 2 * RATE},
    "bold rate, off": BOLD,
    "bold rate, progress_learning_rate": {**BOLD, "callbacks": PROGRESS},
}
PAIRS = {
    arm: "bold rate, off" if arm.startswith("bold") else "off"
    for arm in [*ARMS, "closed after training"]
    if not arm.endswith("off")
}
BUDGETS = (None, 2048.0, 650.0, 590.0, 400.0)
LARGE: dict[str, Any] = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "metric": "l2"}
MEMORY_STEPS = 6
COST_ROUNDS = 15


def data_of(task: str) -> Any:
    """The data of a task."""
    if task == "digits":
        return load_data("digit_patches")
    return load_data("pydoc_topics", tokenizer="characters", sequence_length=64, limit=30)


def model_of(data: Any, seed: int, **settings: Any) -> Any:
    """A fresh model."""
    torch.manual_seed(seed)
    config = data.config(**{**SIZES, "hidden_dropout": 0.1, "attention_dropout": 0.1, **settings})
    return model_class(data.task).from_config(config)


def held_out(model: Any, data: Any) -> float:
    """Loss on the test split."""
    return add_up(model, data.test, data.task, collate=data.collate, batch_size=64).mean_loss


def entropy_of(model: Any, data: Any) -> float:
    """Mean normalized entropy over layers, on examples of the test split."""
    measurement = EntropyMeasurement(model, rows=32, sequences=64)
    batch = (data.collate or stack_examples)([data.test[index] for index in range(64)])
    measurement.begin()
    with torch.no_grad():
        model.eval()(**batch)
    return float(np.mean(list(measurement.end().values())))


def closed_at_once(model: Any, data: Any) -> float:
    """Test loss after the least important heads of a finished model are closed."""
    sites = find_head_sites(model)
    gradients = GateGradients(sites)
    gradients.begin()
    collate = data.collate or stack_examples
    for start in range(0, min(256, len(data.train) - 31), 32):
        model(**collate([data.train[start + index] for index in range(32)])).loss.backward()
    importance = [[value / np.linalg.norm(row) for value in row] for row in gradients.end()]
    model.zero_grad()
    heads = sum(site.num_heads for site in sites)
    stay = least_important(importance, round(TARGET * heads))
    model.set_head_mask(torch.tensor(stay, dtype=torch.float32))
    return held_out(model, data)


def run(data: Any, task: str, arm: dict[str, Any], seed: int, steps: int) -> dict[str, Any]:
    """One training and its figures."""
    changes = dict(arm)
    dropout = changes.pop("attention_dropout", 0.1)
    settings = TrainingSettings(
        batch_size=BATCH[task],
        max_steps=steps,
        eval_steps=max(1, steps // 12),
        save_steps=steps,
        logging_steps=steps,
        seed=seed,
        **{"learning_rate": RATE, **changes},
    )
    model = model_of(data, seed, attention_dropout=dropout)
    with TemporaryDirectory() as folder:
        result = train(model, data, Path(folder) / "run", settings)
    found = {
        "test": held_out(model, data),
        "entropy": entropy_of(model, data),
        "closed": float((model.head_mask() == 0).float().mean()),
    }
    done = result.callbacks
    if "entropy_dropout" in done:
        found["dropout"] = list(done["entropy_dropout"]["dropout"].values())
    if "head_sparsity" in done:
        history = done["head_sparsity"]["history"]
        found["came back"] = sum(entry["came_back"] for entry in history)
    if "progress_learning_rate" in done:
        found["factor"] = done["progress_learning_rate"]["factor"]
        found["changes"] = len(done["progress_learning_rate"]["history"])
    if "memory_budget" in done:
        found["micro-batch"] = done["memory_budget"]["history"][0]["micro_batch"]
    if not settings.callbacks and arm == {}:
        found["closed after training"] = closed_at_once(model, data)
    return found


def half_width(values: Any) -> float:
    """Half of the 95 % interval of a mean (Student)."""
    count = len(values)
    return float(stats.t.ppf(0.975, count - 1) * np.std(values, ddof=1) / np.sqrt(count))


def summary(parts: dict[str, Any], task: str) -> dict[str, Any]:
    """Means over seeds, and each arm against its control seed by seed."""
    seeds = range(SEEDS)
    runs = {arm: [parts[f"{task} | {arm} | seed {seed}"] for seed in seeds] for arm in ARMS}
    losses = {arm: np.array([one["test"] for one in found]) for arm, found in runs.items()}
    losses["closed after training"] = np.array([one["closed after training"] for one in runs["off"]])
    table = {}
    for arm, values in losses.items():
        row: dict[str, Any] = {"test": [float(values.mean()), half_width(values)]}
        if arm in PAIRS:
            difference = values - losses[PAIRS[arm]]
            row["minus"] = PAIRS[arm]
            row["difference"] = [float(difference.mean()), half_width(difference)]
            row["lower in"] = int((difference < 0).sum())
        if arm in runs:
            for name in ("entropy", "closed", "came back", "factor", "changes", "micro-batch"):
                if name in runs[arm][0]:
                    row[name] = float(np.mean([one[name] for one in runs[arm]]))
            if "dropout" in runs[arm][0]:
                row["dropout"] = np.mean([one["dropout"] for one in runs[arm]], axis=0).tolist()
        table[arm] = row
    return table


def budgeted(budget: float | None) -> dict[str, Any]:
    """A short training of the larger model under a budget (MiB), in this process."""
    data = load_data("pydoc_topics", tokenizer="characters", sequence_length=256, limit=60)
    callbacks = {} if budget is None else {"memory_budget": {"mebibytes": budget, "trial_passes": 1}}
    settings = TrainingSettings(
        batch_size=8,
        learning_rate=RATE,
        max_steps=MEMORY_STEPS,
        eval_steps=MEMORY_STEPS,
        callbacks=callbacks,
    )
    model = model_of(data, SEED, **LARGE)
    with TemporaryDirectory() as folder:
        try:
            result = train(model, data, Path(folder) / "run", settings)
        except ValueError as problem:  # MemoryBudgetError is one
            return {"budget": budget, "refused": str(problem)}
    positions = settings.examples_per_step * data.sequence_length
    found: dict[str, Any] = {
        "budget": budget,
        "peak MiB": result.peak_memory_bytes / 2**20,
        "seconds per step": positions / result.tokens_per_second,
        "loss": result.final_loss,
    }
    if callbacks:
        found.update(result.callbacks["memory_budget"]["history"][0])
        found["trials"] = result.callbacks["memory_budget"]["trials"]
    return found


def memory(record: Record) -> None:
    """Each budget in a process of its own."""
    for budget in BUDGETS:
        name = f"memory | {budget}"
        if not record.has(name):
            command = [sys.executable, __file__, "--budget", json.dumps(budget)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            record.add(name, json.loads(done.stdout.splitlines()[-1]))
            sys.stderr.write(f"{name}: {record.content['parts'][name].get('reason')}\n")


def cost() -> dict[str, Any]:
    """Time of a measured step over that of a plain one, taken in turn, of small and larger models."""
    found = {}
    for name, sizes, length in (("small", {}, 64), ("larger", LARGE, 256)):
        data = load_data("pydoc_topics", tokenizer="characters", sequence_length=length, limit=30)
        model = model_of(data, SEED, **sizes).train()
        batch = stack_examples([data.train[index] for index in range(16)])
        listeners: dict[str, Any] = {
            "plain": None,
            "entropy": EntropyMeasurement(model, rows=32, sequences=8),
            "importance": GateGradients(find_head_sites(model)),
        }
        times: dict[str, list[float]] = {listener: [] for listener in listeners}
        for _ in range(COST_ROUNDS):
            for listener, listening in listeners.items():
                begin = perf_counter()
                if listening is not None:
                    listening.begin()
                model(**batch).loss.backward()
                if listening is not None:
                    listening.end()
                times[listener].append(perf_counter() - begin)
                model.zero_grad()
        plain = np.array(times["plain"])
        found[name] = {
            listener: float(np.median(np.array(values) / plain)) for listener, values in times.items()
        }
        found[name]["seconds of a plain step"] = float(np.median(plain))
    return found


def main(path: str, *parts: str) -> None:
    """Run what is missing of the parts named (of all, if none is)."""
    torch.set_num_threads(1)
    if path == "--budget":
        sys.stdout.write("\n" + json.dumps(budgeted(json.loads(parts[0]))) + "\n")
        return
    record = Record(Path(path), seed=SEED)
    for task in [part for part in parts or TASKS if part in TASKS]:
        data = data_of(task)
        for seed in range(SEEDS):
            for arm, changes in ARMS.items():
                name = f"{task} | {arm} | seed {seed}"
                if not record.has(name):
                    record.add(name, run(data, task, changes, SEED + seed, STEPS[task]))
                    sys.stderr.write(f"{name}: test {record.content['parts'][name]['test']:.4f}\n")
        record.add(f"{task}, summary", summary(record.content["parts"], task))
    if not parts or "memory" in parts:
        memory(record)
    if (not parts or "cost" in parts) and not record.has("cost"):
        record.add("cost", cost())


if __name__ == "__main__":
    main(*sys.argv[1:])
