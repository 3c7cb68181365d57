"""Trains a small distance-attention transformer at every point of a grid of settings, once and for all.

Handwritten digits as 64 tokens, one layer; validation loss after a short training, averaged over two seeds of
weights and batches. The table is a problem of ``study_qubo_sampler.py``: a real function whose best settings
are known, because all of them were trained.

    python tests/benchmarks/tabulate_transformer.py docs/studies/transformer_table.json

What is in the file already is not trained again.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from record import Record

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification

SEED = 53
AXES: dict[str, list[Any]] = {
    "metric": ["dot", "l1", "squared_l2", "cosine"],
    "scale_factor": [0.25, 0.5, 1.0, 2.0, 4.0],
    "learning_rate": [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2],
    "dropout": [0.0, 0.1, 0.2],
    "heads": [1, 2, 4],
}
HIDDEN = 24
STEPS = 60
BATCH = 64
REPEATS = 2


def tensors(split: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and labels of a whole split."""
    rows = [split[i] for i in range(len(split))]
    return torch.stack([row["input_ids"] for row in rows]), torch.stack([row["labels"] for row in rows])


def train_once(data: Any, splits: dict[str, Any], settings: dict[str, Any], seed: int) -> float:
    """Validation loss of one training."""
    torch.manual_seed(seed)
    config = data.config(
        hidden_size=HIDDEN,
        num_hidden_layers=1,
        intermediate_size=2 * HIDDEN,
        num_attention_heads=settings["heads"],
        metric=settings["metric"],
        hidden_dropout=settings["dropout"],
        position="learned",
    )
    model = DistanceEncoderForSequenceClassification(config)
    with torch.no_grad():
        for layer in model.attention_layers():
            layer.log_scale_ratio.fill_(float(torch.tensor(settings["scale_factor"]).log()))
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings["learning_rate"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings["learning_rate"], total_steps=STEPS)
    tokens, labels = splits["train"]
    order = torch.Generator().manual_seed(seed)
    model.train()
    for _ in range(STEPS):
        rows = torch.randint(len(tokens), (BATCH,), generator=order)
        optimizer.zero_grad()
        model(input_ids=tokens[rows], labels=labels[rows]).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval()
    tokens, labels = splits["validation"]
    with torch.no_grad():
        return float(model(input_ids=tokens, labels=labels).loss)


def main(path: str) -> None:
    """Train what is missing."""
    torch.set_num_threads(1)
    data = load_data("digits")
    splits = {name: tensors(getattr(data, name)) for name in ("train", "validation")}
    record = Record(Path(path), seed=SEED)
    record.content["axes"] = [[name, values] for name, values in AXES.items()]  # in order
    rest = list(AXES)[2:]
    for metric, factor in itertools.product(AXES["metric"], AXES["scale_factor"]):
        part = f"{metric} | {factor}"
        if record.has(part):
            continue
        begin = perf_counter()
        losses = []
        for values in itertools.product(*(AXES[name] for name in rest)):
            settings = {"metric": metric, "scale_factor": factor, **dict(zip(rest, values))}
            runs = [train_once(data, splits, settings, SEED + repeat) for repeat in range(REPEATS)]
            losses.append(round(sum(runs) / REPEATS, 5))
        record.add(part, losses)
        sys.stderr.write(f"{part}: {perf_counter() - begin:.0f} s\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
