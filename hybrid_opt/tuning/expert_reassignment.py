"""Assign tokens to experts again and again while a model trains: a callback of transformers' Trainer.

Shapes: E experts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from ..classical.training_callbacks import TrainerCallback
from ..errors import OptionError
from ..seeds import child_seed, resolve_seed
from ..solvers.settings import check_seconds, check_whole
from .expert_layers import expert_layer, find_expert_layers
from .labelled_batches import read_batches
from .quantum_rows import quantum_label
from .routed_model import check_margin, softmax_router
from .routing_assignment import assign_experts
from .routing_checks import read_factor, read_weight
from .routing_problem import CAPACITY_FACTOR
from .routing_solvers import check_method
from .token_clusters import cluster_tokens

__all__ = ["ExpertReassignment", "Reassigned"]


@dataclass(frozen=True)
class Reassigned:
    """One layer's router, set anew.

    Attributes:
        step: optimizer step after which it happened.
        layer: number of the layer.
        method: what found the assignment.
        status: "optimal", "feasible" or "over capacity".
        gap: distance of its objective from the best bound, None where nothing is proven.
        max_violation: MaxVio of the clusters as assigned.
        satisfied: share of the tokens whose centroid prefers its expert, see `Routing.initialize`.
        quantum: simulator and size of a quantum method, else empty.
        samples: samples it counts as in a fair comparison, else 0.
        objective: of the assignment; lower is better.
        feasible: whether it keeps the capacities.
        control: what stands beside a quantum method, uniform draws at equal samples (in blocks, as many as
            the method draws by itself); else empty.
        control_objective: what the control reached, or None.
        control_feasible: whether that keeps the capacities, or None.
    """

    step: int
    layer: int
    method: str
    status: str
    gap: float | None
    max_violation: float
    satisfied: float
    quantum: str = ""
    samples: int = 0
    objective: float | None = None
    feasible: bool | None = None
    control: str = ""
    control_objective: float | None = None
    control_feasible: bool | None = None


class ExpertReassignment(TrainerCallback):  # type: ignore[misc]
    """Every so many steps: cluster the tokens of each layer of experts, assign, set the softmax router.

    Goes into ``callbacks`` of ``classical.train`` or of a Trainer of transformers. What it does after a step
    depends on the step, the seed and the weights alone: a run that is resumed with the same seed repeats it.
    A quantum method has uniform draws beside it every time, see `Reassigned`. The moments that the optimizer
    keeps for a router belong to its old weights and are dropped.

    Whether this is worth its time is measured in ``docs/studies/expert_assignment.json``.

    Args:
        data: what `cluster_tokens` takes.
        n_clusters: clusters per layer.
        every: optimizer steps between two assignments; the last step of a training is left out.
        until: no assignment after this step; None for the whole training.
        layers: numbers of the layers; None for all with experts.
        method: a method of `assign_experts`.
        capacity_factor: room of an expert in even shares, see `TokenClusters.room`.
        co_weight: see `RoutingProblem`.
        sim_weight: see `RoutingProblem`.
        margin: see `Routing.initialize`.
        examples: examples that are clustered.
        batch_size: examples per batch.
        time_limit: seconds for each assignment.
        seed: of examples, clusters and methods.

    Attributes:
        history: what was done, one entry per layer and time.

    Raises:
        OptionError: a setting out of range. A model without experts, or with other routers than softmax, and
            data that do not fit it are refused when training begins.

    Example:
        >>> from hybrid_opt.classical import (
        ...     DistanceEncoderForSequenceClassification, TrainingSettings, load_data, train
        ... )
        >>> data = load_data("wine", seed=0)
        >>> experts = {"feed_forward": "moe", "moe": {"num_experts": 2, "top_k": 1}}
        >>> config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1, **experts)
        >>> again = ExpertReassignment(data, n_clusters=4, every=2, examples=16, seed=0)
        >>> model = DistanceEncoderForSequenceClassification(config)
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     _ = train(model, data, folder, TrainingSettings(max_steps=5), callbacks=[again])
        >>> [entry.step for entry in again.history]
        [2, 4]
    """

    def __init__(
        self,
        data: Any,
        *,
        n_clusters: int,
        every: int,
        until: int | None = None,
        layers: Iterable[int] | None = None,
        method: Any = "auto",
        capacity_factor: float = CAPACITY_FACTOR,
        co_weight: float = 0.0,
        sim_weight: float = 0.0,
        margin: float = 2.0,
        examples: int | None = 64,
        batch_size: int = 16,
        time_limit: float = 60.0,
        seed: int | None = None,
    ) -> None:
        check_whole("n_clusters", n_clusters, least=2)
        check_whole("every", every)
        if until is not None:
            check_whole("until", until)
        if examples is not None:
            check_whole("examples", examples)
        check_whole("batch_size", batch_size)
        check_seconds("time_limit", time_limit)
        check_margin(margin)
        check_method(method)
        factor = read_factor(capacity_factor)
        self.data, self.n_clusters, self.every, self.until = data, n_clusters, every, until
        self.layers = None if layers is None else _numbers(layers)
        self.method, self.capacity_factor, self.time_limit = method, factor, time_limit
        self.weights = {
            "co_weight": read_weight("co_weight", co_weight),
            "sim_weight": read_weight("sim_weight", sim_weight),
        }
        self.margin, self.examples, self.batch_size = margin, examples, batch_size
        self.seed = resolve_seed(seed)
        self.history: list[Reassigned] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Refuse a model without these layers, other routers and other data before it trains."""
        model = named["model"]
        for layer in self._layers(model):
            softmax_router(model, layer)
        read_batches(self.data, model, examples=self.examples, batch_size=self.batch_size, seed=self.seed)

    def on_step_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Assign and set, where it is time."""
        step, last = state.global_step, state.max_steps
        if step % self.every or step >= last or (self.until is not None and step > self.until):
            return
        for layer in self._layers(named["model"]):
            self.history.append(self.assign(named["model"], layer, step))
            router = expert_layer(named["model"], layer).router
            _forget_moments(named.get("optimizer"), router)

    def assign(self, model: Any, layer: int, step: int = 0) -> Reassigned:
        """Cluster, assign and set one layer now.

        Args:
            model: the model.
            layer: number of the layer.
            step: kept in the answer; a further part of the seed.

        Returns:
            What was done.

        Raises:
            OptionError: no such layer, another router, or data that do not fit.
            SolverError: the method found no feasible assignment.
            KeyboardInterrupt: ctrl-C ended the method.
        """
        seed = child_seed(self.seed, f"reassignment {layer} {step}")
        clusters = cluster_tokens(
            model, self.data, layer, self.n_clusters, examples=self.examples, batch_size=self.batch_size,
            seed=seed,
        )  # fmt: skip
        problem = clusters.problem(capacity=clusters.room(self.capacity_factor), **self.weights)
        routing = assign_experts(problem, self.method, seed=seed, time_limit=self.time_limit)
        if any(row.interrupted for row in routing.rows):
            raise KeyboardInterrupt  # the solver kept it to itself, and training would go on
        satisfied = routing.initialize(model, layer, margin=self.margin)
        ran = routing.rows[0].quantum
        entry = Reassigned(
            step, layer, routing.method, routing.rows[0].status, routing.gap, routing.max_violation,
            satisfied, "" if ran is None else quantum_label(ran), 0 if ran is None else ran.samples_counted,
            routing.objective, routing.feasible,
        )  # fmt: skip
        if ran is None:
            return entry
        control = routing.rows[1]  # a quantum row never stands alone
        return replace(
            entry, control=control.method, control_objective=control.objective,
            control_feasible=None if control.objective is None else control.feasible,
        )  # fmt: skip

    def to_dict(self) -> list[dict[str, Any]]:
        """The history as plain numbers, for JSON; each entry with the seed of them all."""
        return [{**asdict(entry), "seed": self.seed} for entry in self.history]

    def _layers(self, model: Any) -> tuple[int, ...]:
        if self.layers is not None:
            return self.layers
        found = tuple(find_expert_layers(model))
        if not found:
            expert_layer(model, 0)  # says what is missing
        return found


def _numbers(layers: Any) -> tuple[int, ...]:
    if isinstance(layers, str | bytes) or not isinstance(layers, Iterable):
        raise OptionError(f"layers is {layers!r}; give a list of numbers, e.g. layers=[0], or None for all")
    numbers = tuple(layers)
    if not numbers:
        raise OptionError(f"layers is {layers!r}, which is empty; name a layer, or give None for all")
    for number in numbers:
        check_whole("layers", number, least=0)
    return tuple(map(int, numbers))


def _forget_moments(optimizer: Any, module: torch.nn.Module) -> None:
    """Drop what an optimizer has gathered on the parameters of a module."""
    if optimizer is not None:
        for parameter in module.parameters():
            optimizer.state.pop(parameter, None)
