"""Which training settings are tried for a memory budget, and which of those that fit is taken.

The examples behind one optimizer step stay the same: a micro-batch of m examples is accumulated n / m times.
Tried are micro-batches 1, 2, 4, ... that divide n, up to n, each with and without gradient checkpointing
and in each precision; of one kind the growth ends with the first that does not fit, since memory grows with
m.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ConfigurationError, MemoryBudgetError
from .performance_rules import PerformanceRule

__all__ = ["MemoryRule", "MemoryTrial"]

MEBIBYTE = 2**20
_PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class MemoryTrial:
    """A dry run of one setting.

    Args:
        micro_batch: examples of one forward pass, m.
        accumulation: passes behind one optimizer step, n / m.
        precision: ``"float32"`` or ``"bfloat16"``.
        checkpointing: whether activations are recomputed.
        peak_bytes: highest memory use; infinite where memory ran out.
        seconds: of one optimizer step, all its passes together.
    """

    micro_batch: int
    accumulation: int
    precision: str
    checkpointing: bool
    peak_bytes: float
    seconds: float

    def changes(self) -> dict[str, Any]:
        """The fields of ``TrainingSettings`` that this setting stands for."""
        return {
            "batch_size": self.micro_batch,
            "gradient_accumulation": self.accumulation,
            "precision": self.precision,
            "gradient_checkpointing": self.checkpointing,
        }

    def words(self) -> str:
        """The setting in a few words.

        Example:
            >>> MemoryTrial(4, 2, "float32", True, 3e6, 0.5).words()
            'micro-batch 4 x 2, float32, with checkpointing'
        """
        how = "with" if self.checkpointing else "without"
        return f"micro-batch {self.micro_batch} x {self.accumulation}, {self.precision}, {how} checkpointing"


@dataclass(frozen=True)
class MemoryRule(PerformanceRule):
    """Settings of the choice.

    Args:
        mebibytes: the budget in units of 2^20 bytes: on a GPU for torch's tensors, on the CPU for the whole
            process with its libraries.
        margin: share of the budget that stays free, at least 0 and below 1: validation, saving and
            fragments are not in the dry run.
        precisions: those that may be taken. bfloat16 changes what is computed.
        checkpointing: whether recomputing may be taken: None may, True must, False must not.
        tolerance: a setting is passed over for a plainer one (float32, no recomputing, larger
            micro-batch, in this order) that takes at most this share longer.
        trial_passes: forward and backward passes of each dry run that are timed; one more warms up.

    Raises:
        ConfigurationError: a value is not legal.

    Example:
        >>> rule = MemoryRule(mebibytes=64, margin=0.0)
        >>> slow = MemoryTrial(1, 4, "float32", False, 50 * 2**20, 2.0)
        >>> fast = MemoryTrial(4, 1, "float32", False, 60 * 2**20, 1.0)
        >>> large = MemoryTrial(8, 1, "float32", False, 70 * 2**20, 0.5)
        >>> rule.choose([slow, fast, large]).micro_batch
        4
    """

    name = "memory_budget"

    mebibytes: float = 0.0
    margin: float = 0.1
    precisions: Sequence[str] = _PRECISIONS
    checkpointing: bool | None = None
    tolerance: float = 0.1
    trial_passes: int = 2

    def __post_init__(self) -> None:
        if self.mebibytes == 0:
            raise ConfigurationError(
                f"{self.name} needs a budget; give mebibytes, the memory in units of 2^20 bytes"
            )
        self._check_number("mebibytes", 0.0, math.inf, open_low=True)
        self._check_number("margin", 0.0, 1.0, open_high=True)
        self._check_number("tolerance", 0.0, math.inf)
        self._check_whole("trial_passes", 1)
        chosen = (self.precisions,) if isinstance(self.precisions, str) else self.precisions
        if not isinstance(chosen, Sequence) or not chosen or any(name not in _PRECISIONS for name in chosen):
            raise ConfigurationError(
                f"precisions of {self.name} is {self.precisions!r}; it must name some of "
                f"{', '.join(_PRECISIONS)}"
            )
        # The plainer one stands first, whatever order was given.
        object.__setattr__(self, "precisions", tuple(name for name in _PRECISIONS if name in chosen))
        if self.checkpointing is not None and not isinstance(self.checkpointing, bool):
            raise ConfigurationError(
                f"checkpointing of {self.name} is {self.checkpointing!r}; it must be true, false or left out"
            )

    @property
    def usable_bytes(self) -> float:
        """The budget without its margin."""
        return self.mebibytes * MEBIBYTE * (1.0 - self.margin)

    def kinds(self) -> Iterator[tuple[str, bool]]:
        """Precision and checkpointing of what may be taken, the plainest first.

        Example:
            >>> list(MemoryRule(mebibytes=1, precisions="float32").kinds())
            [('float32', False), ('float32', True)]
        """
        for precision in self.precisions:
            for checkpointing in (False, True):
                if self.checkpointing in (None, checkpointing):
                    yield precision, checkpointing

    @staticmethod
    def micro_batches(examples: int, most: int) -> list[int]:
        """Micro-batches to try, ascending.

        Args:
            examples: n, behind one optimizer step.
            most: examples there are.

        Returns:
            Powers of 2 that divide n, and n itself, as far as they are no more than ``most``.

        Example:
            >>> MemoryRule.micro_batches(24, 100)
            [1, 2, 4, 8, 24]
        """
        powers = [2**power for power in range(examples.bit_length()) if examples % 2**power == 0]
        return [size for size in dict.fromkeys([*powers, examples]) if size <= most]

    def choose(self, trials: Sequence[MemoryTrial]) -> MemoryTrial:
        """The fastest trial that fits, or a plainer one that is hardly slower.

        Args:
            trials: dry runs.

        Returns:
            The choice.

        Raises:
            MemoryBudgetError: none fits.
        """
        fitting = [trial for trial in trials if trial.peak_bytes <= self.usable_bytes]
        if not fitting:
            least = min(trials, key=lambda trial: trial.peak_bytes)
            needed = math.ceil(least.peak_bytes / (1.0 - self.margin) / MEBIBYTE)
            raise MemoryBudgetError(
                f"no setting fits into {self.mebibytes:g} MiB with {self.margin:.0%} kept free: the "
                f"smallest, {least.words()}, takes {least.peak_bytes / MEBIBYTE:.1f} MiB. Give mebibytes of "
                f"at least {needed}, a smaller model or shorter sequences"
            )
        limit = min(trial.seconds for trial in fitting) * (1.0 + self.tolerance)
        return min((trial for trial in fitting if trial.seconds <= limit), key=self._plainness)

    def reason(self, choice: MemoryTrial, trials: Sequence[MemoryTrial]) -> str:
        """Why this one was taken, in a sentence.

        Args:
            choice: what :meth:`choose` took.
            trials: the dry runs.

        Returns:
            The sentence.
        """
        fitting = [trial for trial in trials if trial.peak_bytes <= self.usable_bytes]
        fastest = min(fitting, key=lambda trial: trial.seconds)
        text = (
            f"{choice.words()}: {choice.peak_bytes / MEBIBYTE:.1f} MiB of the {self.mebibytes:g} MiB, "
            f"{choice.seconds:.3g} s per step; {len(fitting)} of {len(trials)} settings tried fit"
        )
        if fastest is choice:
            return f"{text}, and this is the fastest"
        return (
            f"{text}; {fastest.words()} takes {fastest.seconds / choice.seconds:.2f} of the time, too little "
            "gain to leave the plainer setting"
        )

    def _plainness(self, trial: MemoryTrial) -> tuple[int, bool, int]:
        return _PRECISIONS.index(trial.precision), trial.checkpointing, -trial.micro_batch
