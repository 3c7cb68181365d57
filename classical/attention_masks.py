"""Which key each query may attend: causal order, sliding window and user masks in one object.

Shapes: B batch, H heads, T query tokens, S key tokens.

Query t stands at position S - T + t of the keys, so that the last query stands at the last key: the whole
prompt, one token decoded from a cache, and a chunk in between follow one rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .errors import AttentionError, MaskTypeError

__all__ = ["Visibility", "check_mask"]


def check_mask(mask: object, batch: int, heads: int, queries: int, keys: int) -> Tensor | None:
    """A user's mask as a boolean tensor of four dimensions that broadcast to (B, H, T, S).

    Args:
        mask: None or a bool tensor, True where a key may be attended: (B, S), (B, T, S), or four dimensions,
            each 1 or the full size.
        batch: B.
        heads: H.
        queries: T.
        keys: S.

    Returns:
        A view of the mask, (B or 1, H or 1, T or 1, S or 1), or None.

    Raises:
        MaskTypeError: if it is no bool tensor.
        AttentionError: if its shape does not fit.

    Example:
        >>> check_mask(torch.ones(2, 5, dtype=torch.bool), 2, 4, 3, 5).shape
        torch.Size([2, 1, 1, 5])
    """
    if mask is None:
        return None
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = f"a tensor of {mask.dtype}" if isinstance(mask, Tensor) else type(mask).__name__
        raise MaskTypeError(
            f"mask is {kind}; give a torch.bool tensor that is True where a key may be attended "
            "(attention_mask.bool() for 0/1 masks)"
        )
    full = (batch, heads, queries, keys)
    given = tuple(mask.shape)
    legal = f"({batch}, {keys}), ({batch}, {queries}, {keys}) or four dimensions that broadcast to {full}"
    if mask.dim() == 2 and given == (batch, keys):
        return mask[:, None, None, :]
    if mask.dim() == 3 and given == (batch, queries, keys):
        return mask[:, None]
    if mask.dim() == 4 and all(size in (1, whole) for size, whole in zip(given, full)):
        return mask
    raise AttentionError(f"mask has shape {given}; legal are {legal}")


@dataclass(frozen=True)
class Visibility:
    """Who sees whom among T queries and S keys.

    Attributes:
        queries: T.
        keys: S.
        causal: no query sees a key after its own position.
        window: None, or w: with ``causal`` the last w positions up to its own, otherwise fewer than w steps
            either way.
        mask: None or a bool tensor of four dimensions as ``check_mask`` returns it.
    """

    queries: int
    keys: int
    causal: bool = False
    window: int | None = None
    mask: Tensor | None = None

    @property
    def offset(self) -> int:
        """Position of the first query among the keys; negative where T > S."""
        return self.keys - self.queries

    @property
    def unrestricted(self) -> bool:
        """Whether every query sees every key."""
        return not (self.order_matters or self.window_matters) and self.mask is None

    @property
    def order_matters(self) -> bool:
        """Whether the causal order hides anything: a single query stands at the last key."""
        return self.causal and self.queries > 1

    @property
    def window_matters(self) -> bool:
        """Whether the window hides anything."""
        return self.window is not None and self.window < self.keys + max(0, -self.offset)

    def key_range(self, start: int, stop: int) -> tuple[int, int]:
        """The keys that any of the queries start..stop-1 can see by order and window, the mask left aside.

        Args:
            start: first query.
            stop: one past the last query.

        Returns:
            First key and one past the last; equal where there are none.

        Example:
            >>> Visibility(8, 8, causal=True, window=3).key_range(4, 6)
            (2, 6)
        """
        first, last = 0, self.keys
        if self.causal:
            last = min(last, self.offset + stop)
        if self.window is not None:
            first = max(first, self.offset + start - self.window + 1)
            if not self.causal:
                last = min(last, self.offset + stop - 1 + self.window)
        last = max(last, 0)
        return min(first, last), last

    def block(self, rows: slice, columns: slice, device: torch.device) -> Tensor | None:
        """Who sees whom inside a tile by order and window, the mask left aside.

        Args:
            rows: queries of the tile, start and stop given.
            columns: keys of the tile, start and stop given.
            device: where to build it.

        Returns:
            A bool tensor (rows, columns), or None where everybody sees everybody.

        Example:
            >>> Visibility(2, 2, causal=True).block(slice(0, 2), slice(0, 2), torch.device("cpu")).tolist()
            [[True, False], [True, True]]
        """
        first, last = self.offset + rows.start, self.offset + rows.stop - 1
        later = self.causal and columns.stop - 1 > first
        before = self.window is not None and last - columns.start >= self.window
        after = self.window is not None and not self.causal and columns.stop - 1 - first >= self.window
        if not (later or before or after):
            return None
        steps = torch.arange(first, last + 1, device=device)[:, None] - torch.arange(
            columns.start, columns.stop, device=device
        )
        visible = torch.ones_like(steps, dtype=torch.bool)
        if later:
            visible &= steps >= 0
        if before and self.window is not None:
            visible &= steps < self.window
        if after and self.window is not None:
            visible &= steps > -self.window
        return visible

    def dense(self, device: torch.device) -> Tensor | None:
        """All of it in one tensor that broadcasts to (B, H, T, S), or None where everybody sees everybody.

        Args:
            device: where to build it.

        Returns:
            A bool tensor of four dimensions, or None.

        Example:
            >>> Visibility(2, 3).dense(torch.device("cpu")) is None
            True
        """
        block = self.block(slice(0, self.queries), slice(0, self.keys), device)
        if block is None or self.mask is None:
            return self.mask if block is None else block[None, None]
        return block & self.mask

    def of_heads(self, heads: Sequence[int]) -> Visibility:
        """The same for some of the heads.

        Args:
            heads: their numbers.

        Returns:
            A visibility whose mask holds these heads alone.

        Example:
            >>> mask = torch.ones(1, 3, 1, 2, dtype=torch.bool)
            >>> Visibility(2, 2, mask=mask).of_heads([0, 2]).mask.shape[1]
            2
        """
        if self.mask is None or self.mask.shape[1] == 1:
            return self
        return replace(self, mask=self.mask[:, list(heads)])
