"""How alike the outputs of heads are: linear centered kernel alignment (CKA).

CKA(X, Y) = |Y^T X|_F^2 / (|X^T X|_F |Y^T Y|_F) for column-centered X and Y: Kornblith, Norouzi, Lee and
Hinton 2019, "Similarity of Neural Network Representations Revisited", arXiv 1905.00414, section 3. It is 1
for outputs that differ by a rotation, a scale or an offset, and does not see these. With few tokens it is
biased upwards: normal outputs that have nothing in common come to about D / (N + D), so N should be many
times D.

Shapes: B batch, H heads, R rows of a tile, D head width, N tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["HeadSimilarity", "linear_cka"]


def linear_cka(first: Tensor, second: Tensor) -> float:
    """CKA of two sets of features of the same tokens.

    Args:
        first: (N, D1).
        second: (N, D2).

    Returns:
        From 0 to 1; NaN where one of them is constant.

    Example:
        >>> turned = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.0, 4.0]])
        >>> round(linear_cka(turned, 5 * turned.flip(1) + 1), 6)
        1.0
    """
    x, y = (features.double() - features.double().mean(0) for features in (first, second))
    norms = torch.linalg.matrix_norm(x.mT @ x) * torch.linalg.matrix_norm(y.mT @ y)
    return float(torch.linalg.matrix_norm(y.mT @ x) ** 2 / norms)


class HeadSimilarity:
    """CKA of every pair of heads, from rows that come in pieces; only products of features are kept.

    Args:
        num_heads: H.
        head_width: D.

    Example:
        >>> similarity = HeadSimilarity(2, 1)
        >>> outputs = torch.tensor([[[[1.0], [2.0], [3.0]], [[0.0], [1.0], [0.0]]]])
        >>> similarity.add(outputs, torch.ones(1, 3, dtype=torch.bool))
        >>> [[round(value, 6) + 0.0 for value in row] for row in similarity.matrix().tolist()]
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, num_heads: int, head_width: int) -> None:
        size = num_heads * head_width
        self.num_heads, self.head_width = num_heads, head_width
        self.tokens = 0
        self._mean = torch.zeros(size, dtype=torch.float64)
        self._products = torch.zeros(size, size, dtype=torch.float64)

    def add(self, outputs: Tensor, real: Tensor) -> None:
        """Take some rows.

        Args:
            outputs: of each head, before the output projection, (B, H, R, D).
            real: which rows are no padding, boolean, (B, R).
        """
        rows = outputs.transpose(1, 2)[real].flatten(1).cpu().double()
        if not len(rows):
            return
        # Centering each piece first keeps the digits that subtracting large products would lose.
        mean = rows.mean(0)
        centered = rows - mean
        delta, both = mean - self._mean, self.tokens + len(rows)
        self._products += centered.mT @ centered
        self._products += torch.outer(delta, delta) * (self.tokens * len(rows) / both)
        self._mean += delta * (len(rows) / both)
        self.tokens = both

    def matrix(self) -> Tensor:
        """The similarities so far.

        Returns:
            (H, H), symmetric, in float64; NaN for a head whose output is constant.
        """
        heads, width = self.num_heads, self.head_width
        blocks = self._products.view(heads, width, heads, width).square().sum((1, 3))
        squared_norms = blocks.diagonal()
        return (blocks / torch.outer(squared_norms, squared_norms).sqrt()).clamp(max=1.0)
