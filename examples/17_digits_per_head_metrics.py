"""Classify handwritten digits with a metric of its own for each attention head, beside classical baselines.

An image is 16 patches of 2 x 2 pixels. Encoders that differ only in the metrics of their heads are trained
with equal steps from equal seeds; logistic regression and a kernel machine stand beside them on the same
split. Needs the extras "transformer" and "ml".
"""

import os
import statistics
import time

import torch

from hybrid_opt.classical import (
    DistanceEncoderForSequenceClassification,
    TrainingSettings,
    classical_baselines,
    evaluate,
    load_data,
    train,
)

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
STEPS, SEEDS = (3, 1) if FAST else (800, 3)
torch.set_num_threads(1)

# One name for all heads, or one for each: heads of a layer may look at the same patches in different ways.
METRICS = {
    "dot product": "dot",
    "l1": "l1",
    "four metrics": ["l1", "l2", "cosine", "chebyshev"],
}

data = load_data("digit_patches")
print(data.table())
print("\n".join(data.notes), "\n")


def trained(name: str, seed: int) -> DistanceEncoderForSequenceClassification:
    """An encoder of two layers and four heads, trained with the metrics of that name."""
    torch.manual_seed(seed)
    config = data.config(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, metric=METRICS[name])
    model = DistanceEncoderForSequenceClassification(config)
    settings = TrainingSettings(batch_size=32, learning_rate=3e-3, max_steps=STEPS, seed=seed)
    train(model, data, f"digits/{name.replace(' ', '_')}_{seed}", settings, resume=False)
    return model


print(f"{'heads':<22}{'test accuracy':>15}{'macro-F1':>10}{'seconds':>9}")
for name in METRICS:
    start = time.perf_counter()
    answers = [evaluate(trained(name, seed), data) for seed in range(SEEDS)]
    seconds = (time.perf_counter() - start) / SEEDS
    accuracy = [answer.accuracy for answer in answers]
    spread = statistics.stdev(accuracy) if SEEDS > 1 else 0.0
    f1 = statistics.mean(answer.macro_f1 for answer in answers)
    print(f"{name:<22}{statistics.mean(accuracy):>7.3f} ± {spread:.3f}{f1:>10.3f}{seconds:>9.1f}", flush=True)

for name, row in classical_baselines(data).iterrows():
    print(f"{name:<22}{row['accuracy']:>7.3f}        {row['macro_f1']:>10.3f}")

# Which digits does the last model confuse?
table = answers[-1].scores.table()
pairs = [(table.loc[a, b], a, b) for a in data.labels for b in data.labels if a != b]
worst = [f"{true} as {other} {count}x" for count, true, other in sorted(pairs, reverse=True)[:3] if count]
print("\nmost confused:", ", ".join(worst) or "none")
print(f"{len(data.test)} test images: a difference below 0.02 is within the noise of split and seed")
