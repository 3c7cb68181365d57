"""When a step is kept: paired differences over seeds against the spread of the losses.

With a_s the validation loss of the recipe so far trained on seed s, and b_s that of the proposed one, over
the same S seeds:

    gain   = mean_s (a_s - b_s)
    spread = max(std(a), std(b)),   std with S - 1 in the denominator
    kept   if gain > spread

A memory step saves bytes instead; it is kept if it saves any and -gain <= spread.

Shapes: S seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..errors import OptionError

__all__ = ["Decision", "decide", "decide_memory"]


@dataclass(frozen=True)
class Decision:
    """Whether a proposal is kept, and the figures behind it.

    Attributes:
        kept: whether the next step builds on it.
        gain: mean difference of validation losses, positive where the proposal is better; None where a
            training diverged.
        spread: the larger standard deviation over the seeds; None likewise.
        memory: bytes saved, where that was the question and is known, else None.
    """

    kept: bool
    gain: float | None
    spread: float | None
    memory: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return asdict(self)

    def words(self) -> str:
        """The decision as a sentence.

        Example:
            >>> Decision(False, 0.003, 0.011).words()
            'undone: gained 0.0030, spread 0.0110'
        """
        verdict = "kept" if self.kept else "undone"
        if self.gain is None or self.spread is None:
            return f"{verdict}: a training diverged"
        moved = f"gained {self.gain:.4f}" if self.gain >= 0 else f"lost {-self.gain:.4f}"
        saved = "" if self.memory is None else f"saved {self.memory / 2**20:.2f} MiB, "
        return f"{verdict}: {saved}{moved}, spread {self.spread:.4f}"


def _figures(before: Sequence[float], after: Sequence[float]) -> tuple[float | None, float | None]:
    first, second = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if first.shape != second.shape or first.ndim != 1 or len(first) < 2:
        raise OptionError(
            f"the losses have shapes {first.shape} and {second.shape}; both need one loss per seed, and at "
            "least two seeds"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return None, None
    return float(np.mean(first - second)), float(max(np.std(first, ddof=1), np.std(second, ddof=1)))


def decide(before: Sequence[float], after: Sequence[float]) -> Decision:
    """Whether the losses fell by more than their spread.

    Args:
        before: a, S losses of the recipe so far; infinite where training diverged.
        after: b, S losses of the proposal on the same seeds.

    Returns:
        The decision. A proposal with a diverged training is undone; one that trains where the recipe so far
        diverged is kept.

    Raises:
        OptionError: fewer than two seeds, or not the same number.

    Example:
        >>> decide([1.0, 1.1, 1.2], [0.8, 0.9, 1.0])
        Decision(kept=True, gain=0.2, spread=0.1, memory=None)
    """
    gain, spread = _figures(before, after)
    if gain is None or spread is None:
        return Decision(all(map(math.isfinite, after)), None, None)
    return Decision(gain > spread, round(gain, 12), round(spread, 12))


def decide_memory(
    before: Sequence[float],
    after: Sequence[float],
    bytes_before: float | None,
    bytes_after: float | None,
) -> Decision:
    """Whether memory was saved and the losses did not rise by more than their spread.

    Args:
        before: a, S losses of the recipe so far.
        after: b, S losses of the proposal.
        bytes_before: memory of a training step so far; None where it is not known.
        bytes_after: that of the proposal, likewise.

    Returns:
        The decision.

    Raises:
        OptionError: see `decide`.

    Example:
        >>> decide_memory([1.0, 1.1], [1.0, 1.1], 100, 60).words()
        'kept: saved 0.00 MiB, gained 0.0000, spread 0.0707'
    """
    saved = None if bytes_before is None or bytes_after is None else float(bytes_before - bytes_after)
    gain, spread = _figures(before, after)
    if gain is None or spread is None or saved is None:
        return Decision(False, None, None, saved)
    return Decision(saved > 0 and -gain <= spread, round(gain, 12), round(spread, 12), saved)
