"""Time and memory of attention by distance beside what torch offers: batch 1, 4 heads of width 64, single
precision.

Forward and backward pass. Times are medians of runs that take turns; memory is the extra peak of one pass in
a process
of its own (`attention_memory.py`). A part holds the figures of its contenders and their ratios to the first.
"growth" is the memory at twice the tokens over that at T. "training step" is one step of the reference
configuration (batch 2, 512 tokens) under each metric, with the share of the time that is spent in attention
itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from attention_methods import FORMS, METRICS, inputs, methods
from record import Record
from timing import paired

from hybrid_opt.classical import attention_layer
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.gpt import DistanceGPT

RUNS = 5
COMPARISONS: dict[str, tuple[list[str], int]] = {
    "sdpa dot, plain, T = 1024": (["sdpa dot, plain", "squared_l2, plain", "cosine, plain"], 1024),
    "sdpa dot, plain, T = 4096": (["sdpa dot, plain", "squared_l2, plain", "cosine, plain"], 4096),
    "sdpa dot, dropout, T = 1024": (["sdpa dot, dropout", "squared_l2, dropout", "cosine, dropout"], 1024),
    "sdpa dot, dropout, T = 4096": (["sdpa dot, dropout", "squared_l2, dropout", "cosine, dropout"], 4096),
    "sdpa dot, window, T = 4096": (["sdpa dot, window", "squared_l2, window", "cosine, window"], 4096),
    "l2 in full, T = 4096": (["l2 in full", "l2, plain"], 4096),
    "cdist l1, T = 1024": (["cdist l1", "l1, plain"], 1024),
    "cdist lp 1.5, T = 1024": (["cdist lp 1.5", "lp 1.5, plain"], 1024),
    "cdist lp 3, T = 1024": (["cdist lp 3", "lp 3, plain"], 1024),
    "cdist chebyshev, T = 1024": (["cdist chebyshev", "chebyshev, plain"], 1024),
    "all metrics, T = 1024": ([f"{name}, plain" for name in METRICS], 1024),
}
GROWTH_TOKENS = 1024


def memory(method: str, tokens: int) -> int:
    """Extra peak in bytes, in a fresh process."""
    script = Path(__file__).with_name("attention_memory.py")
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    environment["PYTHONPATH"] = os.pathsep.join([str(script.parents[2]), str(script.parent)])
    done = subprocess.run(
        [sys.executable, str(script), method, str(tokens)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(json.loads(done.stdout.splitlines()[-1]))


def compare(names: list[str], tokens: int, runs: int = RUNS) -> dict[str, Any]:
    """Seconds and bytes of each contender, and ratios to the first."""
    known, given = methods(), inputs(tokens)

    def task(name: str) -> Any:
        def run() -> None:
            output = known[name](*given)
            output.backward(torch.ones_like(output))

        return run

    seconds = paired(runs, **{name: task(name) for name in names})
    extra = {name: memory(name, tokens) for name in names}
    first = names[0]
    return {
        "seconds": seconds,
        "bytes": extra,
        "time_ratio": {name: seconds[name] / seconds[first] for name in names[1:]},
        "memory_ratio": {name: extra[name] / extra[first] for name in names[1:]},
    }


def growth(tokens: int = GROWTH_TOKENS) -> dict[str, Any]:
    """Memory at 2 T over memory at T, for every metric and form."""
    table = {}
    for name in METRICS:
        for form in FORMS:
            method = f"{name}, {form}"
            small, large = memory(method, tokens), memory(method, 2 * tokens)
            table[method] = {"bytes": [small, large], "ratio": large / small}
    return {"tokens": tokens, "methods": table}


def training_step(runs: int = RUNS, **smaller: Any) -> dict[str, Any]:
    """Seconds of a step of the reference configuration, L1 and dot product, and the share of attention."""
    tokens = torch.randint(0, smaller.get("vocab_size", 10000), (2, smaller.pop("tokens", 512)))
    spent = {"seconds": 0.0}

    def timed(*arguments: Any, **settings: Any) -> torch.Tensor:
        # Between these two nodes of the graph lies attention and nothing else.
        began = time.perf_counter()
        query, key, value, *rest = arguments
        entering = [_Stamp.apply(part, clock, "leave") for part in (query, key, value)]
        output = original(*entering, *rest, **settings)
        spent["seconds"] += time.perf_counter() - began
        return _Stamp.apply(output, clock, "enter")

    def clock(event: str) -> None:
        now = time.perf_counter()
        if event == "enter":
            marks.append(now)
        elif marks and event == "leave":
            pending["count"] += 1
            if pending["count"] == 3:
                spent["seconds"] += now - marks.pop()
                pending["count"] = 0

    marks: list[float] = []
    pending = {"count": 0}
    original = attention_layer.distance_attention
    models = {
        name: DistanceGPT(DistanceTransformerConfig.reference(metric=name, **smaller))
        for name in ("dot", "l1")
    }

    def step(name: str) -> Any:
        def run() -> None:
            models[name].zero_grad()
            models[name](input_ids=tokens, labels=tokens).loss.backward()

        return run

    seconds = paired(runs, **{name: step(name) for name in models})
    shares = {}
    attention_layer.distance_attention = timed  # type: ignore[assignment]
    try:
        for name in models:
            spent["seconds"] = 0.0
            began = time.perf_counter()
            for _ in range(runs):
                step(name)()
            shares[name] = spent["seconds"] / (time.perf_counter() - began)
    finally:
        attention_layer.distance_attention = original
    return {
        "tokens": list(tokens.shape),
        "parameters": models["l1"].num_parameters(),
        "seconds": seconds,
        "l1_to_dot": seconds["l1"] / seconds["dot"],
        "share_of_attention": shares,
    }


class _Stamp(torch.autograd.Function):
    """Passes a tensor on, and tells a clock when its gradient comes by."""

    @staticmethod
    def forward(context: Any, tensor: torch.Tensor, clock: Any, event: str) -> torch.Tensor:
        context.clock, context.event = clock, event
        return tensor.view_as(tensor)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        context.clock(context.event)
        return gradient, None, None


def main(path: Path) -> None:
    """All parts that are not yet in the file."""
    record = Record(path, seed=0)
    record.content["threads"] = torch.get_num_threads()
    for name, (contenders, tokens) in COMPARISONS.items():
        if not record.has(name):
            record.add(name, compare(contenders, tokens))
    if not record.has("growth"):
        record.add("growth", growth())
    if not record.has("training step"):
        record.add("training step", training_step())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
