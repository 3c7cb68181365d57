"""Router of a mixture of experts that learns nothing: the nearest of given points decides.

Shapes: N tokens, C hidden size, E experts, M points of the table.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .component_settings import number_setting, read_settings, whole_number_setting
from .errors import ComponentError
from .temperatures import TEMPERATURES

__all__ = ["TableRouter", "build_table_router"]


class TableRouter(nn.Module):
    """logits[n, e] = 1 / temperature where e is the expert of the point nearest to token n, else 0.

    Distances are Euclidean; of points equally near the first counts. Points and experts are persistent
    buffers, saved with the model; training does not change them and no gradient passes. With a temperature
    of 0.1 and 4 experts, the expert's probability is 0.9999. A layer with ``top_k`` above 1 gives further
    experts by their number, with next to no weight; loss-free balancing, whose bias grows where loads are
    uneven, can in the end outweigh the table.

    Until `fill`, all points are drawn at random and every one belongs to expert 0.

    Args:
        hidden_size: C.
        num_experts: E.
        num_clusters: M.
        temperature: 0.01 to 10.

    Example:
        >>> router = TableRouter(2, 3, num_clusters=2, temperature=0.5)
        >>> router.fill(torch.tensor([[0.0, 0.0], [4.0, 0.0]]), torch.tensor([2, 1]))
        >>> router(torch.tensor([[1.0, 0.0], [3.0, 1.0]])).tolist()
        [[0.0, 0.0, 2.0], [0.0, 2.0, 0.0]]
    """

    centroids: Tensor
    experts: Tensor

    def __init__(
        self, hidden_size: int, num_experts: int, *, num_clusters: int, temperature: float = 0.1
    ) -> None:
        super().__init__()
        self.num_experts = num_experts
        self.temperature = temperature
        self.register_buffer("centroids", torch.empty(num_clusters, hidden_size))
        self.register_buffer("experts", torch.empty(num_clusters, dtype=torch.int64))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the points from torch's default generator; all belong to expert 0."""
        nn.init.normal_(self.centroids)
        nn.init.zeros_(self.experts)

    def fill(self, centroids: Tensor, experts: Tensor) -> None:
        """Set the table.

        Args:
            centroids: (M, C).
            experts: (M,), whole numbers from 0 to E - 1.

        Raises:
            ComponentError: another shape, points that are not finite, or an expert that does not exist.
        """
        if centroids.shape != self.centroids.shape or experts.shape != self.experts.shape:
            raise ComponentError(
                f"the table of router 'table' got centroids {tuple(centroids.shape)} and experts "
                f"{tuple(experts.shape)}; they must be {tuple(self.centroids.shape)} and "
                f"{tuple(self.experts.shape)}"
            )
        whole = not experts.is_floating_point() and experts.dtype != torch.bool
        if not whole or bool(((experts < 0) | (experts >= self.num_experts)).any()):
            raise ComponentError(
                f"experts of router 'table' are {experts.tolist()}; they must be whole numbers from 0 to "
                f"{self.num_experts - 1}"
            )
        if not bool(torch.isfinite(centroids).all()):
            raise ComponentError("centroids of router 'table' hold numbers that are not finite; all must be")
        with torch.no_grad():
            self.centroids.copy_(centroids)
            self.experts.copy_(experts)

    @torch.no_grad()
    def nearest(self, tokens: Tensor) -> Tensor:
        """Number of the point nearest to each token (N, C), shape (N,)."""
        precise = torch.promote_types(self.centroids.dtype, torch.float32)
        # Differences, not the expanded square, which is wrong for points that are near each other.
        distances = torch.cdist(
            tokens.to(precise), self.centroids.to(precise), compute_mode="donot_use_mm_for_euclid_dist"
        )
        return distances.argmin(-1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (N, E) of tokens (N, C), without gradient."""
        precise = torch.promote_types(self.centroids.dtype, torch.float32)
        chosen = self.experts[self.nearest(tokens)]
        return nn.functional.one_hot(chosen, self.num_experts).to(precise) / self.temperature


def build_table_router(
    settings: dict[str, Any], *, hidden_size: int, num_experts: int, **context: Any
) -> TableRouter:
    """Builder of router "table".

    Args:
        settings: ``num_clusters``, at least 1, the number of experts where not given; ``temperature``, 0.01
            to 10, 0.1 where not given.
        hidden_size: C.
        num_experts: E.
        context: not used.

    Returns:
        The router, its table not filled.

    Example:
        >>> build_table_router({"num_clusters": 6}, hidden_size=8, num_experts=4).centroids.shape
        torch.Size([6, 8])
    """
    component = "router 'table'"
    known = read_settings(component, settings, {"num_clusters": num_experts, "temperature": 0.1})
    return TableRouter(
        hidden_size,
        num_experts,
        num_clusters=whole_number_setting(component, known, "num_clusters", 1),
        temperature=number_setting(component, known, "temperature", *TEMPERATURES),
    )
