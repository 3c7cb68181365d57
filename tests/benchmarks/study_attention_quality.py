"""Which metric helps where: the same small models, equal steps, equal tuning of lambda, several seeds.

Two tasks: the next character of CPython's help topics (decoder, held-out bits per character) and handwritten
digits as 64 tokens (encoder, held-out accuracy). Every variant starts calibrated and learns lambda. Tuned is
one
number, the factor on the calibrated lambda at the start: each variant is trained once for each of ``FACTORS``
with
``TUNING_SEED``, and the best on the validation split goes on to ``SEEDS``, with other weights and batches.
Test
figures come from the models as they are after the last step. "unit" variants start with lambda = 1, the
literal
formula, without tuning.

For the first seed the normalized entropy of attention over a fixed validation batch is kept along training.
The
interval is that of Student's t over the seeds; "against dot" pairs runs of equal seed.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from record import Record
from scipy import stats
from transformers import TrainerCallback

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification
from hybrid_opt.classical.evaluation import evaluate
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.classical.weights_on_request import attention_weights

SEEDS = (0, 1, 2, 3, 4)
TUNING_SEED = 1000
FACTORS = (0.5, 1.0, 2.0)
VARIANTS: dict[str, dict[str, Any]] = {
    "dot": {"metric": "dot"},
    "l1": {"metric": "l1"},
    "l2": {"metric": "l2"},
    "squared_l2": {"metric": "squared_l2"},
    "lp 1.5": {"metric": "lp", "metric_p": 1.5},
    "lp 3": {"metric": "lp", "metric_p": 3.0},
    "cosine": {"metric": "cosine"},
    "chebyshev": {"metric": "chebyshev"},
}
UNIT = ("dot", "l1", "l2", "cosine")


@dataclass(frozen=True)
class Problem:
    """A task with the size of its models and the length of its training."""

    data: str
    load: dict[str, Any]
    model: type
    sizes: dict[str, Any]
    settings: TrainingSettings
    score: str
    higher_is_better: bool


PROBLEMS = {
    "topics": Problem(
        "pydoc_topics",
        {"tokenizer": "characters", "sequence_length": 128},
        DistanceGPT,
        {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "position": "rotary"},
        TrainingSettings(
            batch_size=16, learning_rate=3e-3, max_steps=240, schedule="cosine", warmup_ratio=0.1
        ),
        "bits_per_character",
        False,
    ),
    "digits": Problem(
        "digits",
        {},
        DistanceEncoderForSequenceClassification,
        {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "position": "learned"},
        TrainingSettings(
            batch_size=32, learning_rate=2e-3, max_steps=240, schedule="cosine", warmup_ratio=0.1
        ),
        "accuracy",
        True,
    ),
}


class EntropyAlong(TrainerCallback):
    """Normalized entropy of attention per layer, over one batch, at some steps of training."""

    def __init__(self, inputs: dict[str, torch.Tensor], steps: tuple[int, ...]) -> None:
        self.inputs, self.steps = inputs, steps
        self.seen: list[dict[str, Any]] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **others: Any) -> None:
        """The start."""
        self._look(model, 0)

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **others: Any) -> None:
        """After the chosen steps."""
        if state.global_step in self.steps:
            self._look(model, state.global_step)

    def _look(self, model: torch.nn.Module, step: int) -> None:
        self.seen.append({"step": step, "entropy": entropy_of_layers(model, self.inputs)})


def entropy_of_layers(model: torch.nn.Module, inputs: dict[str, torch.Tensor]) -> list[float]:
    """Mean over heads, rows and batch of the entropy of a row divided by the log of its visible keys."""
    found: list[float] = []

    def look(layer: DistanceAttention, given: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        query, key, _ = layer.project(given[0], None, named.get("positions"))
        weights = attention_weights(
            query, key, layer.metrics, scale=layer.effective_scale(),
            p=layer.effective_p() if "lp" in layer.metrics else None, causal=layer.causal,
        )  # fmt: skip
        entropy = torch.special.entr(weights).sum(-1)
        visible = (
            torch.arange(1, entropy.shape[-1] + 1.0) if layer.causal else torch.tensor(weights.shape[-1])
        )
        # A row with one visible key has no entropy to normalize.
        share = (entropy / visible.log())[..., 1:] if layer.causal else entropy / visible.log()
        found.append(round(float(share.mean()), 4))

    layers = [part for part in model.modules() if isinstance(part, DistanceAttention)]
    hooks = [layer.register_forward_hook(look, with_kwargs=True) for layer in layers]
    training = model.training
    try:
        model.eval()
        with torch.no_grad():
            model(**inputs)
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return found


def run(
    problem: Problem, data: Any, variant: dict[str, Any], factor: float, seed: int, *, watch: bool = False
) -> dict[str, Any]:
    """Train one model and score it."""
    torch.manual_seed(seed)
    model = problem.model(data.config(**problem.sizes, **variant))
    layers = [part for part in model.modules() if isinstance(part, DistanceAttention)]
    with torch.no_grad():
        for layer in layers:
            layer.log_scale_ratio.fill_(math.log(factor))
    batch = torch.utils.data.default_collate([data.validation[index] for index in range(8)])
    inputs = {name: value for name, value in batch.items() if name in ("input_ids", "attention_mask")}
    steps = problem.settings.max_steps
    marks = tuple(sorted({steps // 16, steps // 8, steps // 4, steps // 2, steps}))
    along = EntropyAlong(inputs, marks) if watch else None
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        train(
            model,
            data,
            folder,
            replace(problem.settings, seed=seed),
            resume=False,
            callbacks=() if along is None else (along,),
        )
        seconds = time.perf_counter() - began
    scores = {
        split: evaluate(model, data, split, baselines=False).to_dict() for split in ("validation", "test")
    }
    result: dict[str, Any] = {
        "factor": factor,
        "seed": seed,
        "seconds": round(seconds, 1),
        "validation": scores["validation"][problem.score],
        "validation_loss": scores["validation"]["loss"],
        "test": scores["test"][problem.score],
        "test_loss": scores["test"]["loss"],
        "lambda_over_start": [
            [round(x, 3) for x in layer.log_scale_ratio.exp().tolist()] for layer in layers
        ],
    }
    if along is not None:
        result["entropy"] = along.seen
    return result


def interval(values: list[float]) -> list[float]:
    """Mean and half width of the 95 % interval of Student's t."""
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return [mean, math.inf]
    return [mean, float(stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / math.sqrt(n))]


def summary(parts: dict[str, Any], problem: str) -> dict[str, Any]:
    """Means, intervals, and differences to the dot product of equal seed."""
    table = {}
    control = {entry["seed"]: entry["test"] for entry in parts[f"{problem}: dot"]["runs"]}
    for name, part in parts.items():
        if not name.startswith(f"{problem}: ") or "runs" not in part:
            continue
        scores = [entry["test"] for entry in part["runs"]]
        differences = [entry["test"] - control[entry["seed"]] for entry in part["runs"]]
        table[name.removeprefix(f"{problem}: ")] = {
            "factor": part["factor"],
            "test": interval(scores),
            "against_dot": interval(differences),
            "seconds": float(np.median([entry["seconds"] for entry in part["runs"]])),
        }
    return table


def study(
    record: Record,
    problems: dict[str, Problem],
    variants: dict[str, dict[str, Any]],
    seeds: tuple[int, ...],
    factors: tuple[float, ...],
    unit: tuple[str, ...],
) -> None:
    """All parts that are not yet in the record, variant by variant."""
    for title, problem in problems.items():
        data = load_data(problem.data, **problem.load)
        rows = [(name, name, settings, factors) for name, settings in variants.items()]
        for name in unit:
            rows.append((name, f"{name}, unit", {**variants[name], "scale_init": "unit"}, (1.0,)))
        for _, label, settings, tried in rows:
            part = f"{title}: {label}"
            if record.has(part):
                continue
            tuning = []
            if len(tried) > 1:
                tuning = [run(problem, data, settings, factor, TUNING_SEED) for factor in tried]
            best = min(tuning, key=lambda entry: entry["validation_loss"])["factor"] if tuning else tried[0]
            runs = [run(problem, data, settings, best, seed, watch=seed == seeds[0]) for seed in seeds]
            record.add(part, {"factor": best, "tuning": tuning, "runs": runs, "data": data.hash})
            print(part, best, interval([entry["test"] for entry in runs]), flush=True)  # noqa: T201
        record.add(f"{title}, summary", summary(record.content["parts"], title))


def main(path: Path) -> None:
    """Everything that is not yet in the file."""
    torch.set_num_threads(1)  # tensors this small gain nothing from more, and sums keep their order
    study(Record(path, seed=TUNING_SEED), PROBLEMS, VARIANTS, SEEDS, FACTORS, UNIT)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
