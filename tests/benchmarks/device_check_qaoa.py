"""The torch engine on a CUDA device: agreement with the compiled engine, then times. Prints one JSON object.

    python tests/benchmarks/device_check_qaoa.py [largest qubits in single precision] [in double precision]

Needs torch, numpy, scipy and numba only, from a checkout.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
LAYERS = 3


def load_circuits() -> None:
    """Make the modules of circuits/ importable without the package's own imports (dimod, PennyLane)."""
    for name, folder in (("hybrid_opt", ROOT / "hybrid_opt"), ("hybrid_opt.circuits", ROOT / "circuits")):
        if name not in sys.modules:
            module = types.ModuleType(name)
            module.__path__ = [str(folder)]
            module.__spec__ = importlib.util.spec_from_loader(name, loader=None, is_package=True)
            sys.modules[name] = module


load_circuits()
from hybrid_opt.circuits.cost_diagonal import CostDiagonal, diagonal_from_costs, diagonal_from_terms  # noqa: E402
from hybrid_opt.circuits.cost_terms import CostTerms  # noqa: E402
from hybrid_opt.circuits.diagonal_evolution import DiagonalEvolution  # noqa: E402
from hybrid_opt.circuits.diagonal_torch import TorchDiagonal  # noqa: E402
from hybrid_opt.circuits.torch_turns import GROUP_BITS  # noqa: E402


def circle(n: int) -> CostDiagonal:
    """Spins on a circle, coupled to their next and third neighbors: a MaxCut of degree 4 with signs."""
    rng = np.random.default_rng(n)
    edges = [(i, (i + step) % n) for i in range(n) for step in (1, 3)]
    return diagonal_from_terms(CostTerms.of(n, edges, rng.choice([-1.0, 1.0], len(edges)), spins=True))


def angles(n: int, each: bool) -> tuple[Any, Any]:
    rng = np.random.default_rng(n)
    return rng.normal(size=LAYERS), rng.normal(size=(LAYERS, n) if each else LAYERS)


def agreement(device: str) -> dict[str, float]:
    """Largest differences to the compiled engine."""
    found = {}
    for n in (12, 18):
        rng = np.random.default_rng(n)
        for kind, diagonal in (("codes", circle(n)), ("costs", diagonal_from_costs(rng.normal(size=2**n)))):
            gammas, betas = angles(n, True)
            reference = DiagonalEvolution(diagonal)
            state = reference.run(gammas, betas).amplitudes()
            exact = reference.value_and_grad(gammas, betas)
            for precision, limit in (("double", 1e-10), ("single", 1e-5)):
                engine = TorchDiagonal(diagonal, device=device, precision=precision)
                got = engine.value_and_grad(gammas, betas)
                scale = max(abs(exact[0]), *(np.abs(part).max() for part in exact[1:]))
                differences = [np.abs(engine.run(gammas, betas).amplitudes() - state).max()]
                differences += [np.abs(np.asarray(a) - b).max() / scale for a, b in zip(exact, got)]
                found[f"{kind} {precision} {n}"] = worst = float(max(differences))
                if not worst <= limit:
                    raise RuntimeError(f"{kind} {precision} {n} qubits: {worst} is above {limit}")
    return found


def seconds(task: Callable[[], Any], runs: int) -> float:
    task()
    times = []
    for _ in range(runs):
        torch.cuda.synchronize()
        begin = perf_counter()
        task()
        torch.cuda.synchronize()
        times.append(perf_counter() - begin)
    return float(np.median(times))


def copy_bandwidth() -> float:
    """GB/s of a copy on the device, reading and writing counted."""
    source = torch.empty(2**30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() / seconds(lambda: target.copy_(source), 9) / 1e9


def times(n: int, precision: str) -> dict[str, float]:
    engine = TorchDiagonal(circle(n), device="cuda", precision=precision)
    gammas, betas = angles(n, False)
    torch.cuda.reset_peak_memory_stats()
    runs = 5 if n < 27 else 1
    forward = seconds(lambda: engine.run(gammas, betas), runs)
    gradient = seconds(lambda: engine.value_and_grad(gammas, betas), runs)
    state = (16 if precision == "double" else 8) * 2**n
    # per layer: one way through the state and back for the phases, and for each group of qubits
    traffic = 2 * state * LAYERS * (1 - (-n // GROUP_BITS))
    return {
        "forward": forward,
        "value_and_grad": gradient,
        "forward_GB_per_s": traffic / forward / 1e9,
        "peak_bytes": float(torch.cuda.max_memory_allocated()),
    }


def main() -> None:
    largest = {"single": 30, "double": 29}
    largest |= dict(zip(largest, map(int, sys.argv[1:])))
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name(0),
        "torch": torch.__version__,
        "layers": LAYERS,
        "agreement": agreement("cuda"),
        "copy_GB_per_s": copy_bandwidth(),
        "times": {},
    }
    for precision, most in largest.items():
        for n in range(20, most + 1):
            result["times"][f"{precision} {n}"] = times(n, precision)
            sys.stderr.write(f"{precision} {n} {result['times'][f'{precision} {n}']}\n")
            torch.cuda.empty_cache()
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
