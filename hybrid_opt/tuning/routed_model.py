"""A routing put into a model: first weights of a softmax router, or a table in its place.

Shapes: M clusters, C hidden size, E experts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..classical.components import build_component
from ..classical.errors import ComponentError
from ..classical.moe_layer import MoELayer
from ..classical.moe_routers import SoftmaxRouter
from ..errors import OptionError
from .expert_layers import expert_layer, find_expert_layers
from .token_clusters import TokenClusters

if TYPE_CHECKING:
    from .routing_answer import Routing

__all__ = ["check_margin", "freeze_router", "initialize_router", "separating_weights", "softmax_router"]

_PASSES = 2000


def separating_weights(
    centroids: NDArray[np.float64], assignment: NDArray[np.int64], experts: int
) -> NDArray[np.float64]:
    """Weights of a linear router under which each centroid prefers its expert, where such weights exist.

    W_e begins as the mean of the normalized centroids of expert e (0 for an expert without one); centroids
    that prefer another expert are then added to their own and subtracted from the other, as the multiclass
    perceptron does (Crammer and Singer 2003, JMLR 3, 951-991), until none is left or 2,000 passes are over.
    The weights with the largest share of satisfied centroids are kept.

    Args:
        centroids: (M, C).
        assignment: (M,), the expert of each.
        experts: E.

    Returns:
        (E, C).

    Example:
        >>> weights = separating_weights(np.eye(3), np.array([1, 0, 1]), 2)
        >>> (np.eye(3) @ weights.T).argmax(1)
        array([1, 0, 1])
    """
    rows = np.arange(len(centroids))
    directions = centroids / np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-12)
    members = np.eye(experts)[assignment]
    weights = members.T @ directions / np.maximum(members.sum(0), 1.0)[:, None]
    best, satisfied = weights, -1
    for _ in range(_PASSES):
        scores = directions @ weights.T
        own = scores[rows, assignment]
        others = np.where(members == 1, -np.inf, scores)
        wrong = np.flatnonzero(others.max(1) >= own) if experts > 1 else np.array([], dtype=np.int64)
        if len(rows) - len(wrong) > satisfied:
            best, satisfied = weights.copy(), len(rows) - len(wrong)
        if not len(wrong):
            break
        weights = weights.copy()
        np.add.at(weights, assignment[wrong], directions[wrong])
        np.subtract.at(weights, others.argmax(1)[wrong], directions[wrong])
    return np.asarray(best)


def initialize_router(routing: Routing, model: nn.Module, layer: int, *, margin: float = 2.0) -> float:
    """Set the weights of a softmax router, see `Routing.initialize`; loss-free balancing begins anew.

    Args:
        routing: made of clusters of a model.
        model: this model, or one built alike.
        layer: number of the layer.
        margin: mean logit by which the expert of a centroid is ahead of the next; fixes the weights' scale.

    Returns:
        Share of the tokens whose centroid prefers its expert.

    Raises:
        OptionError: no clusters behind the routing, no such layer, another router, other sizes, or a margin
            that is not above 0.
    """
    clusters, mixture = _fitting(routing, model, layer)
    check_margin(margin)
    router = softmax_router(model, layer)
    assignment = routing.assignment
    weights = separating_weights(clusters.centroids, assignment, mixture.settings.num_experts)
    scores = clusters.centroids @ weights.T
    own = np.take_along_axis(scores, assignment[:, None], 1)[:, 0]
    np.put_along_axis(scores, assignment[:, None], -np.inf, 1)
    ahead = own - scores.max(1)
    finite = np.isfinite(ahead)  # a single expert has no rival
    if finite.any():
        weights = weights * (margin / max(float(np.abs(ahead[finite]).mean()), 1e-12))
    with torch.no_grad():
        router.weight.copy_(torch.as_tensor(weights, dtype=router.weight.dtype))
    if mixture.selection_bias is not None:
        mixture.selection_bias.reset_parameters()
    return float(clusters.sizes[ahead > 0].sum() / clusters.sizes.sum())


def check_margin(margin: Any) -> None:
    """Refuse what is no margin.

    Args:
        margin: a logit.

    Raises:
        OptionError: no finite number above 0.
    """
    real = isinstance(margin, int | float) and not isinstance(margin, bool)
    if not real or not 0 < margin < float("inf"):
        raise OptionError(f"margin is {margin!r}; it must be a finite number above 0")


def softmax_router(model: nn.Module, layer: int) -> SoftmaxRouter:
    """The router of a layer, whose weights can be set.

    Args:
        model: any torch model.
        layer: number of the layer.

    Returns:
        The router.

    Raises:
        OptionError: no such layer, or another router.
    """
    router = expert_layer(model, layer).router
    if not isinstance(router, SoftmaxRouter):
        raise OptionError(
            f"layer {layer} has a {type(router).__name__}; only a SoftmaxRouter is set (freeze replaces any)"
        )
    return router


def freeze_router(routing: Routing, model: nn.Module, layer: int, *, temperature: float = 0.1) -> None:
    """Put router "table" in place of a layer's router, see `Routing.freeze`.

    The configuration of a model of this package then names it for this layer, so that the model is saved and
    loaded with it. The bias of loss-free balancing is reset.

    Args:
        routing: made of clusters of a model.
        model: this model, or one built alike.
        layer: number of the layer.
        temperature: 0.01 to 10.

    Raises:
        OptionError: no clusters behind the routing, no such layer, other sizes, a temperature out of range,
            expert choice, or a model with an encoder and a decoder, whose configuration names one router for
            both.
    """
    clusters, mixture = _fitting(routing, model, layer)
    if mixture.settings.balance == "expert_choice":
        raise OptionError(
            f"layer {layer} has balance='expert_choice': its experts choose tokens up to their capacity, and "
            "would not obey a table; build the model with balance='none'"
        )
    config: Any = getattr(model, "config", None)
    if getattr(config, "is_encoder_decoder", False):
        raise OptionError(
            "a model with an encoder and a decoder has one configuration of routers for both, so that a "
            "table for one of them could not be loaded again; use initialize"
        )
    spec = {"name": "table", "num_clusters": len(clusters.sizes), "temperature": temperature}
    try:
        router: Any = build_component(
            "router", spec, hidden_size=mixture.hidden_size, num_experts=mixture.settings.num_experts
        )
    except ComponentError as problem:
        raise OptionError(str(problem)) from problem
    router.fill(torch.as_tensor(clusters.centroids), torch.as_tensor(routing.assignment))
    place = next(mixture.parameters()).device
    mixture.router = router.to(place).train(mixture.training)
    if mixture.selection_bias is not None:
        mixture.selection_bias.reset_parameters()
    if hasattr(config, "router") and hasattr(config, "num_hidden_layers"):
        given = config.router
        entries = list(given) if isinstance(given, list) else [given] * int(config.num_hidden_layers)
        entries[layer] = spec
        config.router = entries


def _fitting(routing: Routing, model: nn.Module, layer: int) -> tuple[TokenClusters, MoELayer]:
    """The clusters behind a routing and the layer, if they belong together."""
    clusters = routing.problem.clusters
    if clusters is None:
        raise OptionError(
            "the routing was made of numbers, not of a model's tokens; make its problem by "
            "cluster_tokens(...).problem(...)"
        )
    mixture = expert_layer(model, layer)
    experts = mixture.settings.num_experts
    width = clusters.centroids.shape[1]
    if (mixture.hidden_size, experts) != (width, routing.problem.shape[1]):
        raise OptionError(
            f"the routing is for {routing.problem.shape[1]} experts and a width of {width}; layer {layer} of "
            f"{sorted(find_expert_layers(model))} has {experts} and {mixture.hidden_size}"
        )
    return clusters, mixture
