"""A controller that moves the probability mass until tokens get a wanted number of experts on average.

A fixed mass leaves the number of experts to the router: when it grows sure, one expert reaches the mass;
when it does not, all are needed. The idea of a proportional-integral controller on the threshold is that of
C. Jin et al., arXiv 2512.13996, there with one threshold for all layers; here each layer has its own, and the
controller acts on log(mass / (1 - mass)), because a router that is sure leaves all the difference between one
expert and two to masses close to 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["MassController"]

# Errors are relative to the target, which makes the slope of the answer at most about 1 for a router that is
# undecided, (1 - target / E), and for one that is sure alike; gains of 1 and more swing.
_PROPORTIONAL = 0.25
_INTEGRAL = 0.5
# Log-odds stay within +-12, masses between 6e-6 and 1 - 6e-6; beyond that float32 probabilities do not tell.
_LIMIT = 12.0
# Errors are kept as whole multiples of 2^-20: sums are exact and survive a cast of the model to another type.
_UNIT = 2.0**-20


class MassController(nn.Module):
    """Probability mass that holds a mean number of experts per token.

    log-odds of the mass = first + 0.25 * e_t + 0.5 * sum of e, e = 1 - measured / target, limited to +-12,
    and the sum no further than that limit needs. It moves in training only and has no randomness; its state
    is saved with the model. What was observed takes effect at the start of the next training pass, so that a
    pass that gradient checkpointing computes a second time sees the same mass.

    Args:
        target_active: mean number of experts per token.
        first_mass: mass at the start, above 0, below 1.

    Example:
        >>> controller = MassController(target_active=2.0, first_mass=0.5)
        >>> controller.observe(assignments=torch.tensor(10), tokens=10)  # one expert each: too few
        >>> controller.advance()
        >>> round(controller.mass().item(), 4)
        0.5927
    """

    error_sum: Tensor
    last_error: Tensor
    pending_error: Tensor
    is_pending: Tensor

    def __init__(self, *, target_active: float, first_mass: float) -> None:
        super().__init__()
        self.target_active = target_active
        # A mass of 1 has no log-odds.
        self.first_log_odds = max(-_LIMIT, min(_LIMIT, _log_odds(first_mass)))
        for name in ("error_sum", "last_error", "pending_error", "is_pending"):
            self.register_buffer(name, torch.empty((), dtype=torch.int64))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the mass to its first value and forget what was observed."""
        for name in ("error_sum", "last_error", "pending_error", "is_pending"):
            nn.init.zeros_(getattr(self, name))

    def mass(self) -> Tensor:
        """The mass in use, shape (), float32."""
        correction = (_PROPORTIONAL * self.last_error.float() + _INTEGRAL * self.error_sum.float()) * _UNIT
        return torch.sigmoid((self.first_log_odds + correction).clamp(-_LIMIT, _LIMIT))

    def observe(self, assignments: Tensor, tokens: int) -> None:
        """Note how many experts the tokens of a training step asked for.

        Args:
            assignments: over all tokens, shape ().
            tokens: number of tokens; a step without any is not noted.
        """
        if tokens == 0:
            return
        error = 1.0 - assignments.float() / (tokens * self.target_active)
        self.pending_error.copy_(torch.round(error / _UNIT))
        self.is_pending.fill_(1)

    def advance(self) -> None:
        """Move the mass by what was noted, once."""
        low = math.ceil((-_LIMIT - self.first_log_odds) / _INTEGRAL / _UNIT)
        high = math.floor((_LIMIT - self.first_log_odds) / _INTEGRAL / _UNIT)
        fresh = self.is_pending > 0
        grown = (self.error_sum + self.pending_error).clamp(low, high)
        self.error_sum.copy_(torch.where(fresh, grown, self.error_sum))
        self.last_error.copy_(torch.where(fresh, self.pending_error, self.last_error))
        self.is_pending.zero_()


def _log_odds(mass: float) -> float:
    """log(mass / (1 - mass)), infinite at 1."""
    return math.inf if mass >= 1.0 else math.log(mass / (1.0 - mass))
