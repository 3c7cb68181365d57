"""Clusters of the tokens that reach a layer of experts, and what a routing of them needs to know.

Shapes: N tokens, C hidden size, M clusters, E experts, S examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .._optional import require
from ..classical.moe_layer import MoELayer, uncounted
from ..errors import OptionError
from ..seeds import child_seed, resolve_seed
from ..solvers.settings import check_whole
from .expert_layers import expert_layer
from .labelled_batches import LabelledBatches, evaluating, read_batches
from .routing_checks import read_factor
from .routing_problem import CAPACITY_FACTOR, RoutingProblem

__all__ = ["TokenClusters", "cluster_tokens"]


@dataclass(frozen=True, eq=False)
class TokenClusters:
    """Tokens at one layer of a model in clusters.

    Attributes:
        centroids: (M, C), mean hidden state of each cluster.
        sizes: (M,), tokens of each.
        affinity: (M, E), mean logit of the layer's router, centered for each token: how far an expert is
            above the mean of all.
        coactivation: (M, M), share of the examples in which two clusters both occur; on the diagonal, in
            which one does.
        similarity: (M, M), cosine of the centroids.
        layer: number of the layer.
        examples: examples behind it.

    Example:
        >>> clusters = TokenClusters(
        ...     np.eye(2), np.array([3, 1]), np.eye(2), np.eye(2), np.eye(2), layer=0, examples=2
        ... )
        >>> clusters.problem(capacity=3).objective([0, 1])
        -1.0
    """

    centroids: NDArray[np.float64]
    sizes: NDArray[np.int64]
    affinity: NDArray[np.float64]
    coactivation: NDArray[np.float64]
    similarity: NDArray[np.float64]
    layer: int
    examples: int

    def __repr__(self) -> str:
        return (
            f"TokenClusters({len(self.sizes)} clusters of {int(self.sizes.sum())} tokens, "
            f"{self.affinity.shape[1]} experts, layer={self.layer}, examples={self.examples})"
        )

    def problem(
        self,
        *,
        capacity: Any = None,
        capacity_factor: float | None = None,
        co_weight: float = 0.0,
        sim_weight: float = 0.0,
    ) -> RoutingProblem:
        """The question of which expert each cluster goes to.

        Args:
            capacity: tokens that an expert takes, see `RoutingProblem`.
            capacity_factor: the same in even shares.
            co_weight: weight of clusters that occur in the same examples on one expert; 0 leaves them out.
            sim_weight: weight of clusters that are alike on one expert.

        Returns:
            The problem; it remembers these clusters.

        Raises:
            OptionError: an illegal capacity or weight.
            InfeasibleModelError: the clusters do not fit.
        """
        return RoutingProblem(
            self.affinity,
            self.sizes.astype(np.float64),
            capacity,
            capacity_factor,
            self.coactivation,
            self.similarity,
            co_weight,
            sim_weight,
            clusters=self,
        )

    def room(self, capacity_factor: float = CAPACITY_FACTOR) -> float:
        """Tokens that each expert takes: so many even shares, or more where whole clusters need it.

        A cluster is never split, so that clusters may not fit into even shares. What certainly fits is the
        largest load after giving the largest cluster left to the emptiest expert, again and again, at most
        4/3 of the least possible one (Graham 1969, doi 10.1137/0117039).

        Args:
            capacity_factor: room in even shares, at least 1.

        Returns:
            The capacity, the same for all experts.

        Raises:
            OptionError: a factor that is no number of at least 1.

        Example:
            >>> eye = np.eye(2)
            >>> TokenClusters(eye, np.array([3, 1]), eye, eye, eye, layer=0, examples=2).room(1.25)
            3.0
        """
        factor = read_factor(capacity_factor)
        loads = np.zeros(self.affinity.shape[1])
        for size in np.sort(self.sizes)[::-1]:
            loads[loads.argmin()] += size
        return float(max(factor * loads.mean(), loads.max()))

    def table(self) -> Any:
        """One row per cluster as a pandas data frame: tokens, share of examples, the preferred expert."""
        import pandas

        return pandas.DataFrame(
            {
                "tokens": self.sizes,
                "examples": np.diag(self.coactivation),
                "preferred expert": self.affinity.argmax(1),
            },
            index=pandas.RangeIndex(len(self.sizes), name="cluster"),
        )


def cluster_tokens(
    model: nn.Module,
    data: Any,
    layer: int,
    n_clusters: int,
    *,
    examples: int | None = 256,
    batch_size: int = 16,
    split: str = "train",
    task: str | None = None,
    seed: int | None = None,
) -> TokenClusters:
    """Cluster the hidden states that reach a layer of experts, by k-means (extra ``ml``).

    Minibatch k-means of scikit-learn (Sculley 2010, doi 10.1145/1772690.1772862), the best of three starts.
    Padded tokens are left out. The model runs in evaluation mode and is not changed.

    Args:
        model: a distance-attention model with experts, or another with a ``MoELayer``.
        data: what `read_batches` takes.
        layer: number of the transformer block, from 0, as in `expert_layers.find_expert_layers`.
        n_clusters: M, at least 2; clusters that end without a token are left out.
        examples: most examples to take; None for all.
        batch_size: examples per batch.
        split: part of a ``TaskData``.
        task: see `read_batches`.
        seed: of the examples and of k-means.

    Returns:
        The clusters.

    Raises:
        OptionError: no such layer, data that do not fit, or fewer different tokens than clusters.
        MissingDependencyError: scikit-learn is not installed.
    """
    cluster = require("sklearn.cluster", "ml")
    mixture = expert_layer(model, layer)
    check_whole("n_clusters", n_clusters, least=2)
    used = resolve_seed(seed)
    batches = read_batches(
        data, model, split=split, examples=examples, batch_size=batch_size, task=task,
        seed=child_seed(used, "routing examples"),
    )  # fmt: skip
    tokens, logits, owners = _collect(model, mixture, batches)
    different = len(np.unique(tokens, axis=0))
    if different < n_clusters:
        raise OptionError(
            f"n_clusters is {n_clusters}, but only {different} different tokens reach layer {layer}; take "
            "more examples or fewer clusters"
        )
    state = child_seed(used, "routing clusters") % 2**32
    means = cluster.MiniBatchKMeans(n_clusters, random_state=state, n_init=3, batch_size=1024)
    labels = means.fit(tokens).predict(tokens)
    present, labels = np.unique(labels, return_inverse=True)
    return _described(tokens, logits, owners, labels.ravel(), len(present), layer)


def _described(
    tokens: NDArray[np.float64],
    logits: NDArray[np.float64],
    owners: NDArray[np.int64],
    labels: NDArray[np.int64],
    count: int,
    layer: int,
) -> TokenClusters:
    """Means by cluster, (N, C), (N, E), (N,) and (N,) to everything a routing needs."""
    members = np.zeros((count, len(tokens)))
    members[labels, np.arange(len(tokens))] = 1.0
    sizes = members.sum(1)
    centroids = members @ tokens / sizes[:, None]
    # Only differences between experts decide a softmax.
    centered = logits - logits.mean(1, keepdims=True)
    examples = int(owners.max()) + 1
    occurs = np.zeros((count, examples))
    occurs[labels, owners] = 1.0
    lengths = np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-12)
    directions = centroids / lengths
    return TokenClusters(
        centroids=centroids,
        sizes=sizes.astype(np.int64),
        affinity=members @ centered / sizes[:, None],
        coactivation=occurs @ occurs.T / examples,
        similarity=directions @ directions.T,
        layer=layer,
        examples=examples,
    )


@torch.no_grad()
def _collect(
    model: nn.Module, mixture: MoELayer, batches: LabelledBatches
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Hidden states (N, C) and router logits (N, E) of all tokens that count, and their examples (N,)."""
    tokens: list[Tensor] = []
    logits: list[Tensor] = []
    owners: list[Tensor] = []
    done = 0

    def at_layer(part: nn.Module, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        hidden: Tensor = given[0] if given else named["hidden"]
        mask = named.get("mask", given[1] if len(given) > 1 else None)
        numbers = torch.arange(len(hidden), device=hidden.device).view(-1, *[1] * (hidden.dim() - 2))
        numbers = (done + numbers).expand(hidden.shape[:-1])
        owners.append((numbers.reshape(-1) if mask is None else numbers[mask]).cpu())

    def at_router(part: nn.Module, given: tuple[Any, ...], output: Tensor) -> None:
        tokens.append(given[0].detach().double().cpu())
        logits.append(output.detach().double().cpu())

    hooks = [
        mixture.register_forward_pre_hook(at_layer, with_kwargs=True),
        mixture.router.register_forward_hook(at_router),
    ]
    try:
        with evaluating(model), uncounted(model):
            for batch in batches.batches:
                model(**batch)
                done += len(batch["labels"])
    finally:
        for hook in hooks:
            hook.remove()
    if not tokens:
        raise OptionError("the model did not call this layer for the data; give a layer that takes part")
    return torch.cat(tokens).numpy(), torch.cat(logits).numpy(), torch.cat(owners).numpy()
