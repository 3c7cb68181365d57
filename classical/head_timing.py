"""How long each head takes on this machine: measured, where counting operations is not enough.

Shapes: B batch, H heads of a layer, N heads of the model, T tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .attention_capture import undisturbed
from .attention_layer import DistanceAttention
from .attention_slices import distance_changes
from .errors import ConfigurationError
from .head_sites import HeadSite, find_head_sites
from .model_calls import call_model
from .projection_slices import apply_changes

__all__ = ["HeadLatencies", "head_latencies"]

_FEWEST_RUNS = 3


@dataclass(frozen=True, eq=False)
class HeadLatencies:
    """Measured time of every head.

    Attributes:
        seconds: median over the runs, for the whole batch, (N,) in float64.
        spread: distance between the quartiles of the runs, divided by the median, (N,) in float64: costs
            that differ by less than this cannot be told apart.
        runs: how often each was measured.
    """

    seconds: Tensor
    spread: Tensor
    runs: int


def head_latencies(model: nn.Module, batch: Any, *, runs: int = 20) -> HeadLatencies:
    """Measure the attention layers of a model on what a batch brings to them.

    The model runs once, so that every layer's inputs are known. Then each layer is run alone, without
    gradient and in evaluation mode, and its time divided by the number of its heads. Of a layer with several
    metrics the heads of each metric are run apart, the others cut out of a copy. All take turns, every second
    round backwards, after one that is not counted. Keys of earlier tokens in a cache and controllers are left
    out.

    What is measured contains the fixed cost of calling a layer, which pruning does not save: sums over kept
    heads are too low for layers that lose most of theirs. It holds for this machine, its load, this batch and
    this length. Where heads share keys and values, their copies count fully as soon as the heads of one
    metric leave the groups unequal. Measure on a machine that does nothing else, and look at ``spread``.

    Args:
        model: a model `find_head_sites` knows.
        batch: what to call it with: a mapping of named arguments, a tuple of positional ones, or a tensor.
        runs: how often each layer is measured, 3 or more.

    Returns:
        Seconds per head and how far they can be trusted.

    Raises:
        ConfigurationError: no attention known, a batch that does not fit, a layer that is not called on it,
            fewer than 3 runs, or heads that cannot be cut out.

    Example:
        >>> layer = DistanceAttention(8, 4, metric=["l1", "l1", "dot", "l1"])
        >>> measured = head_latencies(layer, torch.randn(1, 6, 8), runs=3)
        >>> bool((measured.seconds > 0).all()), len(set(measured.seconds.tolist()))
        (True, 2)
    """
    if isinstance(runs, bool) or not isinstance(runs, int) or runs < _FEWEST_RUNS:
        raise ConfigurationError(f"runs is {runs!r}; give a whole number from {_FEWEST_RUNS}")
    sites = find_head_sites(model)
    with undisturbed(model):
        calls: dict[int, tuple[Any, dict[str, Any]]] = {}
        with _heard(sites, calls):
            call_model(model, batch)
        pieces: list[tuple[list[int], Callable[[], object]]] = []
        first = 0
        for site in sites:
            if site.layer not in calls:
                raise ConfigurationError(f"layer {site.layer} ({site.name}) is not called on this batch")
            pieces += [
                ([first + head for head in heads], run) for heads, run in _pieces(site, *calls[site.layer])
            ]
            first += site.num_heads
        times = _measured([run for _, run in pieces], runs, _device(model))
    seconds, spread = torch.zeros(2, first, dtype=torch.float64)
    quartiles = torch.quantile(times, torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64), dim=0)
    for (heads, _), (low, middle, high) in zip(pieces, quartiles.mT, strict=True):
        seconds[heads] = middle / len(heads)
        spread[heads] = (high - low) / middle
    return HeadLatencies(seconds, spread, runs)


@contextmanager
def _heard(sites: list[HeadSite], calls: dict[int, tuple[Any, dict[str, Any]]]) -> Iterator[None]:
    """Note the arguments of the first call of every layer."""

    def note(layer: int, module: nn.Module, arguments: Any, keywords: dict[str, Any]) -> None:
        calls.setdefault(layer, (arguments, keywords))

    handles: list[Any] = []
    try:
        for site in sites:
            hook = partial(note, site.layer)
            handles.append(site.attention.register_forward_pre_hook(hook, with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _pieces(
    site: HeadSite, arguments: Any, keywords: dict[str, Any]
) -> list[tuple[list[int], Callable[[], object]]]:
    """What to run for which heads of a layer: all of one metric together, which share the fixed costs."""
    layer: Any = site.attention
    keywords = {name: value for name, value in keywords.items() if name not in ("past_key_values", "control")}
    if not isinstance(layer, DistanceAttention):
        return [(list(range(site.num_heads)), partial(layer, *arguments, **keywords))]
    groups: dict[Any, list[int]] = {}
    for head, (metric, p) in enumerate(zip(layer.metrics, layer.start_p, strict=True)):
        groups.setdefault((metric, p if metric == "lp" else None), []).append(head)
    found: list[tuple[list[int], Callable[[], object]]] = []
    for heads in groups.values():
        part = layer
        if len(groups) > 1:
            part = deepcopy(layer)
            apply_changes(distance_changes(part, heads, name=site.name or type(layer).__name__))
        own = {name: _of_heads(name, value, heads, layer.num_heads) for name, value in keywords.items()}
        found.append((heads, partial(part, *arguments, **own)))
    return found


def _of_heads(name: str, value: Any, heads: list[int], num_heads: int) -> Any:
    """The part of an argument that belongs to some heads."""
    if name == "head_gates" and isinstance(value, Tensor):
        return value[..., heads]
    if name == "mask" and isinstance(value, Tensor) and value.dim() == 4 and value.shape[1] == num_heads:
        return value[:, heads]
    return value


def _measured(pieces: list[Callable[[], object]], runs: int, device: torch.device) -> Tensor:
    """Seconds of each piece in each run, (runs, pieces)."""
    times = torch.zeros(runs + 1, len(pieces), dtype=torch.float64)
    for run in range(runs + 1):  # the first is not counted: it pays for memory and compilation
        order = range(len(pieces)) if run % 2 else reversed(range(len(pieces)))
        for piece in order:
            _wait(device)
            start = time.perf_counter()
            pieces[piece]()
            _wait(device)
            times[run, piece] = time.perf_counter() - start
    return times[1:]


def _device(model: nn.Module) -> torch.device:
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def _wait(device: torch.device) -> None:
    """Until a GPU has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
