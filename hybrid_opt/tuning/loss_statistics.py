"""What a loss says about the heads of a model: gradient, empirical Fisher matrix, similarity.

With a gate m_n on the output of every head and L(m) the mean loss per item, the change from a center c is

    L(m) - L(c)  ~  g . (m - c) + 1/2 (m - c)^T F (m - c),

g the gradient at c, and for the Hessian the empirical Fisher matrix

    F = (1 / items) sum over sequences of g_s g_s^T,

g_s the gradient of the *summed* loss of one sequence: Kwon et al. 2022, "A fast post-training pruning
framework for transformers", arXiv 2204.09656, section 3, with masks per head. With mean losses per sequence F
would come out too small by about the length of a sequence. Kwon et al. leave the linear term out, which a
model that is not fully converged needs. For loss = -log p, F is the expected Hessian where the labels are
drawn from the model, and an approximation elsewhere.

One backward pass gives the gradients of all examples of a batch: every example has gates of its own.

Shapes: B examples of a batch, N heads of the model, H heads of a layer, T tokens, D head width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..classical.head_masking import masked_heads
from ..classical.head_similarity import HeadSimilarity
from ..classical.head_sites import HeadSite, find_head_sites
from ..classical.losses import IGNORED_LABEL
from ..errors import OptionError
from ..progress import Progress, silent
from .head_numbers import read_numbers
from .labelled_batches import LabelledBatches, evaluating, summed_loss

__all__ = ["HeadStatistics", "head_statistics"]


@dataclass(frozen=True, eq=False)
class HeadStatistics:
    """The quadratic model of the loss in the gates of the heads.

    Attributes:
        layers: heads of each layer, in the order of `find_head_sites`.
        center: (N,), the gates around which it holds.
        loss: mean loss per item there.
        gradient: (N,), g.
        fisher: (N, N), F.
        magnitudes: (N,), mean of |g_s| over sequences: the importance of Michel et al.
        similarity: (N, N), CKA of head outputs within layers, 0 between layers; None if not asked for.
        items: tokens or examples behind the loss.
        examples: sequences behind F, whose rank is at most their number.
    """

    layers: tuple[int, ...]
    center: NDArray[np.float64]
    loss: float
    gradient: NDArray[np.float64]
    fisher: NDArray[np.float64]
    magnitudes: NDArray[np.float64]
    similarity: NDArray[np.float64] | None
    items: int
    examples: int

    @property
    def places(self) -> list[tuple[int, int]]:
        """(layer, head) of each of the N heads."""
        return [(layer, head) for layer, heads in enumerate(self.layers) for head in range(heads)]

    def change(self, masks: Any, scale: float = 1.0) -> NDArray[np.float64]:
        """Predicted change of the loss from the center.

        Args:
            masks: (..., N).
            scale: factor on the quadratic term.

        Returns:
            (...,).
        """
        steps = np.asarray(masks, dtype=np.float64) - self.center
        quadratic = np.einsum("...i,ij,...j->...", steps, self.fisher, steps)
        return np.asarray(steps @ self.gradient + 0.5 * scale * quadratic)


def head_statistics(
    model: nn.Module,
    batches: LabelledBatches,
    *,
    center: Any = None,
    similarity: bool = False,
    progress: Progress = silent,
) -> HeadStatistics:
    """Measure the statistics of all heads: one forward and backward pass per batch.

    Args:
        model: a model whose heads `find_head_sites` knows and whose call with labels returns a loss; it is
            run in evaluation mode and left as it was, gradients included.
        batches: what it is measured on, see `read_batches`. Examples of a batch must not influence each
            other (experts with a capacity do).
        center: (N,), gates to measure at; None for all ones.
        similarity: also measure CKA of the heads of each layer.
        progress: called with the share done.

    Returns:
        The statistics, in float64.

    Raises:
        OptionError: a center that is not one finite number per head, a model that returns no loss, or a loss
            or gradients that are not finite.
        ConfigurationError: no attention known.

    Example:
        >>> from hybrid_opt.classical import DistanceEncoderForSequenceClassification, load_data
        >>> from hybrid_opt.tuning.labelled_batches import read_batches
        >>> data = load_data("wine")
        >>> settings = data.config(hidden_size=8, num_attention_heads=2)
        >>> model = DistanceEncoderForSequenceClassification(settings)
        >>> statistics = head_statistics(model, read_batches(data, model, examples=20))
        >>> statistics.layers, statistics.fisher.shape
        ((2, 2, 2, 2), (8, 8))
    """
    sites = find_head_sites(model)
    total = sum(site.num_heads for site in sites)
    point = np.ones(total) if center is None else read_numbers("center", center, total)
    gradient, magnitudes, fisher, loss = np.zeros(total), np.zeros(total), np.zeros((total, total)), 0.0
    alike = {id(site.projection): HeadSimilarity(site.num_heads, site.head_width) for site in sites}
    watched = sites if similarity else []
    with evaluating(model), _frozen(model):
        for number, (batch, items) in enumerate(zip(batches.batches, batches.items, strict=True)):
            gates = _gates(point, batch["labels"], model)
            with torch.enable_grad(), _watched(watched, alike, batch, model), masked_heads(model, gates):
                summed = summed_loss(model, batch, items)
                (slopes,) = torch.autograd.grad(summed, gates)
            each = slopes.double().cpu().numpy()
            _check_finite(float(summed.detach()) / items, each)
            loss += float(summed.detach())
            gradient += each.sum(0)
            magnitudes += np.abs(each).sum(0)
            fisher += each.T @ each
            progress((number + 1) / len(batches.batches), "measuring heads")
    return HeadStatistics(
        layers=tuple(site.num_heads for site in sites),
        center=point,
        loss=loss / batches.total_items,
        gradient=gradient / batches.total_items,
        fisher=fisher / batches.total_items,
        magnitudes=magnitudes / batches.examples,
        similarity=_block_diagonal([alike[id(site.projection)] for site in sites]) if similarity else None,
        items=batches.total_items,
        examples=batches.examples,
    )


@contextmanager
def _frozen(model: nn.Module) -> Iterator[None]:
    """No parameter gathers gradients: only the gates need them, and all others take memory and time."""
    learned = [part for part in model.parameters() if part.requires_grad]
    for part in learned:
        part.requires_grad_(False)
    try:
        yield
    finally:
        for part in learned:
            part.requires_grad_(True)


def _gates(point: NDArray[np.float64], labels: Tensor, model: nn.Module) -> Tensor:
    """The center for every example, (B, N), in at least single precision, to be differentiated by."""
    precision = torch.promote_types(torch.float32, next(model.parameters()).dtype)
    gates = torch.as_tensor(point, dtype=precision, device=labels.device)
    return gates.repeat(len(labels), 1).requires_grad_()


def _check_finite(loss: float, slopes: NDArray[np.float64]) -> None:
    """Refuse what would make every number of the statistics NaN."""
    if not (np.isfinite(slopes).all() and np.isfinite(loss)):
        raise OptionError(
            f"the loss of a batch ({loss}) or its gradients by heads are not finite; train the model until "
            "its loss is, or look at the data"
        )


@contextmanager
def _watched(
    sites: list[HeadSite], alike: dict[int, HeadSimilarity], batch: dict[str, Any], model: nn.Module
) -> Iterator[None]:
    """Add the outputs of the heads, before the gates, to their similarity."""
    across = bool(getattr(getattr(model, "config", None), "is_encoder_decoder", False))
    handles = []

    def watch(site: HeadSite) -> Any:
        def hook(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            outputs: Tensor = inputs[0].detach()
            shaped = outputs.view(*outputs.shape[:-1], site.num_heads, -1).transpose(1, 2)
            alike[id(site.projection)].add(shaped, _real_tokens(site, batch, outputs, across))

        return hook

    try:
        for site in sites:
            handles.append(site.projection.register_forward_pre_hook(watch(site)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _real_tokens(site: HeadSite, batch: dict[str, Any], outputs: Tensor, across: bool) -> Tensor:
    """Which tokens of a layer are no padding, (B, T); all where the batch does not say."""
    given = batch.get("attention_mask")
    if across and getattr(site.attention, "causal", False):
        # The mask of an encoder-decoder is that of what is read; what is written is padded where labels are.
        given = batch["labels"] != IGNORED_LABEL
    if isinstance(given, Tensor) and given.shape == outputs.shape[:2]:
        return given.bool()
    return torch.ones(outputs.shape[:2], dtype=torch.bool, device=outputs.device)


def _block_diagonal(alike: list[HeadSimilarity]) -> NDArray[np.float64]:
    """Similarities within layers; constant outputs, which resemble nothing, count as 0."""
    total = sum(part.num_heads for part in alike)
    matrix, start = np.zeros((total, total)), 0
    for part in alike:
        own = slice(start, start + part.num_heads)
        matrix[own, own] = np.nan_to_num(part.matrix().numpy(), nan=0.0)
        start += part.num_heads
    return matrix
