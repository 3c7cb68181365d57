"""Attention by distance on a CUDA device: agreement with the CPU, then times and memory. Prints one JSON.

    python tests/benchmarks/device_check_attention.py [longest T] [device]

Batch 1, 4 heads of width 64, forward and backward pass, as in `study_attention_speed.py`, in bf16 and in
single precision; "sdpa dot" is torch's fused dot product on the same inputs. Memory is what torch's allocator
held at most beyond the inputs. What takes longer than a share of ``PATIENCE`` seconds is left out at greater
lengths.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import torch
from attention_methods import METRICS, SCALE, ours
from torch import Tensor
from torch.nn import functional

from hybrid_opt.classical.attention_function import distance_attention, explain_backend
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.gpt import DistanceGPT

HEADS, WIDTH = 4, 64
FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "causal": {"causal": True},
    "window": {"window": 256},
    "dropout": {"dropout": 0.1, "seed": 3},
}
PATIENCE = 3.0
TOLERANCE = {torch.float32: 2e-3, torch.bfloat16: 6e-2}


def inputs(tokens: int, dtype: torch.dtype, device: str, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(tokens + seed)
    shape = (1, HEADS, tokens, WIDTH)
    parts = (torch.randn(shape, generator=generator) for _ in range(3))
    return [part.to(device, dtype).requires_grad_() for part in parts]


def gradients(settings: dict[str, Any], given: list[Tensor]) -> list[Tensor]:
    """Output and gradients of one pass, in double precision on the CPU."""
    output = distance_attention(*given, **settings)
    output.backward(torch.ones_like(output) / 8)
    return [part.detach().cpu().double() for part in (output, *(part.grad for part in given))]  # type: ignore[union-attr]


def agreement(device: str, tokens: int = 300) -> dict[str, float]:
    """Largest relative difference to the same in double precision on the CPU; dropout has no counterpart."""
    found = {}
    for name, metric in METRICS.items():
        for form in ("plain", "causal", "window"):
            settings = {**metric, **FORMS[form]}
            for dtype, limit in TOLERANCE.items():
                given = inputs(tokens, dtype, device)
                exact = [part.detach().cpu().double().requires_grad_() for part in given]
                pairs = zip(gradients(settings, given), gradients(settings, exact))
                worst = max(float((a - b).norm() / b.norm()) for a, b in pairs)
                found[f"{name}, {form}, {str(dtype)[6:]}"] = worst
                if not worst <= limit:
                    sys.stderr.write(f"DISAGREES: {name}, {form}, {dtype}: {worst} is above {limit}\n")
    return found


def synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def measure(attend: Callable[..., Tensor], given: list[Tensor], device: str) -> dict[str, float]:
    """Median seconds of a forward and backward pass, and bytes beyond the inputs."""
    ones = torch.ones_like(given[2])

    def once() -> float:
        for part in given:
            part.grad = None
        synchronize(device)
        begin = perf_counter()
        attend(*given).backward(ones)
        synchronize(device)
        return perf_counter() - begin

    once()
    held = 0
    if device == "cuda":
        for part in given:
            part.grad = None
        held = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
    first = once()
    extra = torch.cuda.max_memory_allocated() - held if device == "cuda" else 0
    times = [once() for _ in range(4 if first < 0.05 else 2 if first < 0.3 else 0)]
    return {"seconds": float(torch.tensor([first, *times]).median()), "bytes": float(extra)}


def sdpa(**settings: Any) -> Callable[..., Tensor]:
    return lambda query, key, value: functional.scaled_dot_product_attention(query, key, value, **settings)


def contenders() -> dict[str, Callable[..., Tensor]]:
    """Everything that is timed."""
    found = {"sdpa dot, plain": sdpa(), "sdpa dot, causal": sdpa(is_causal=True)}
    found["sdpa dot, dropout"] = sdpa(dropout_p=0.1)
    for name, settings in METRICS.items():
        for form, more in FORMS.items():
            found[f"{name}, {form}"] = ours({**settings, **more})
    for p in (1.0, 2.0):
        found[f"cdist p = {p:.0f}, in full"] = in_full(p)
    return found


def in_full(p: float) -> Callable[..., Tensor]:
    """Attention through `torch.cdist`, with all T x T distances."""

    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        distances = torch.cdist(query.float(), key.float(), p=p)
        return (torch.softmax(distances * (-SCALE / WIDTH**0.5), -1) @ value.float()).to(value.dtype)

    return attend


def speed(longest: int, device: str) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for dtype in (torch.bfloat16, torch.float32):
        slow: set[str] = set()
        for tokens in (1024, 4096, 16384):
            if tokens > longest:
                continue
            for name, attend in contenders().items():
                beside = dtype == torch.float32 and tokens > 4096 and "plain" not in name
                if name in slow or beside or ("in full" in name and tokens > 1024):
                    continue
                row = measure(attend, inputs(tokens, dtype, device), device)
                table[f"{str(dtype)[6:]}, T = {tokens}, {name}"] = row
                sys.stderr.write(f"{str(dtype)[6:]} {tokens} {name}: {row}\n")
                if row["seconds"] > PATIENCE / 4:
                    slow.add(name)
    return table


def training_step(device: str, batch: int = 8, tokens: int = 2048, **smaller: Any) -> dict[str, Any]:
    """Seconds of one step of the reference configuration under bf16 autocast, by metric."""
    found: dict[str, Any] = {"batch": batch, "tokens": tokens}
    for metric in ("dot", "squared_l2", "l2", "l1"):
        torch.manual_seed(0)
        model = DistanceGPT(DistanceTransformerConfig.reference(metric=metric, **smaller)).to(device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        ids = torch.randint(0, model.config.vocab_size, (batch, tokens), device=device)

        def step(model: Any = model, optimizer: Any = optimizer, ids: Tensor = ids) -> float:
            synchronize(device)
            begin = perf_counter()
            optimizer.zero_grad()
            with torch.autocast(device, dtype=torch.bfloat16):
                loss = model(input_ids=ids, labels=ids).loss
            loss.backward()
            optimizer.step()
            synchronize(device)
            return perf_counter() - begin

        step()
        found[metric] = float(torch.tensor([step() for _ in range(3)]).median())
        sys.stderr.write(f"training step {metric}: {found[metric]}\n")
    return found


def main() -> None:
    longest = int(sys.argv[1]) if len(sys.argv) > 1 else 16384
    device = sys.argv[2] if len(sys.argv) > 2 else "cuda"
    query = inputs(1024, torch.bfloat16, device)[0]
    result = {
        "device": torch.cuda.get_device_name(0) if device == "cuda" else device,
        "torch": torch.__version__,
        "paths": {name: explain_backend(query, query, query, **kind).name for name, kind in METRICS.items()},
        "agreement": agreement(device),
        "speed": speed(longest, device),
        "training_step": training_step(device, **({} if longest > 1024 else {"batch": 1, "tokens": 64})),
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
