"""Choices among a few options by the ground states of learned Hamiltonians.

Shapes: R choices, K options, N = log2 K qubits per choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pennylane as qml
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..circuits.product_space import binary_space
from .circuit_layer import Local
from .vqe import VQELayer

__all__ = ["OPTION_COUNTS", "SIMULATORS", "GroundStateChoice", "option_signs"]

SIMULATORS = ("aer", "native")
# Number of options -> how far the one of the start lies below the others, in units of the transverse field,
# so that its probability in the ground state is 0.6, that of the classical choices (`START_PROBABILITY`).
_START_GAPS = {2: 0.408, 4: 1.675, 8: 2.725}
OPTION_COUNTS = tuple(_START_GAPS)
"""Legal numbers of options."""


def option_signs(n_options: int) -> NDArray[np.float64]:
    """What Z of every set of qubits is in every option, with the options in Gray order.

    Option k is the bit string k XOR (k >> 1), so that neighbors in the list differ in one bit: the transverse
    field, which turns single qubits, mixes neighbors.

    Args:
        n_options: K, a power of 2.

    Returns:
        (K, K - 1): Z of one qubit each, then of pairs, and so on; orthogonal columns of 1 and -1.

    Example:
        >>> option_signs(4).tolist()
        [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]]
    """
    numbers = np.arange(n_options)
    spins = 1.0 - 2.0 * binary_space(n_options.bit_length() - 1).bits(numbers ^ (numbers >> 1))
    return np.stack([spins[:, list(wires)].prod(axis=1) for wires in _wire_sets(spins.shape[1])], axis=1)


class GroundStateChoice(nn.Module):
    """R independent choices among K options, each by the ground state of a Hamiltonian of its own.

    Choice r has N = log2 K qubits and the Hamiltonian

        sum over sets S of its qubits: coefficient_rS prod_{i in S} Z_i - field sum_i X_i

    with K - 1 learnable coefficients: every diagonal of K energies up to a constant, as logits of a softmax
    are. `VQELayer` minimizes its energy anew in every forward pass; the K - 1 expectation values e of the
    products of Z give the probability of every option in the ground state, (1 + sum_S sign_kS e_S) / K,
    differentiated by the implicit function theorem. Where no gradient is recorded, ground states are computed
    only once for the same coefficients.

    Args:
        start: number of the option that each choice starts with, at probability 0.6.
        n_options: K: 2, 4 or 8.
        transverse_field: strength of the field, which rounds the choice off as a temperature would.
        simulator: "aer" or "native".
        seed: of the weights that minimizations begin with; None draws one from torch's generator.

    Raises:
        CircuitError: an illegal argument.
        OptionError: an illegal seed.
        DeviceUnavailableError: Aer cannot be loaded.

    Example:
        >>> choice = GroundStateChoice([0, 1], 2, simulator="native", seed=1)
        >>> choice.probabilities().argmax(1).tolist()
        [0, 1]
    """

    # Decay would pull every choice to even odds.
    no_decay_parameters = ("coefficients",)

    def __init__(
        self,
        start: Sequence[int],
        n_options: int,
        *,
        transverse_field: float = 1.0,
        simulator: str = "aer",
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.start, self.n_options, self.transverse_field = tuple(start), n_options, transverse_field
        n_qubits = n_options.bit_length() - 1
        self.choice = VQELayer(
            [qml.prod(*map(qml.Z, wires)) for wires in _wire_sets(n_qubits)],
            n_qubits,
            # So many layers reach every ground state here, which is real and positive.
            n_layers=max(2, n_qubits),
            output="expectations",
            transverse_field=transverse_field,
            starts=2,
            # A batch of a few choices on a few qubits is done before threads have started.
            threads=1,
            simulator=simulator,
            seed=seed,
        )
        self.coefficients = nn.Parameter(torch.empty(len(self.start), n_options - 1))
        self._known = Local()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Give coefficients, and the weights where minimizations begin, the values of the start."""
        self.choice.reset_parameters()
        gap = _START_GAPS[self.n_options] * self.transverse_field
        # All options but one have the same energy.
        rows = -gap / self.n_options * option_signs(self.n_options)[list(self.start)]
        with torch.no_grad():
            self.coefficients.copy_(torch.tensor(rows, device="cpu"))

    def probabilities(self) -> Tensor:
        """Of the options in the ground states, (R, K), at least float32."""
        precise = torch.promote_types(self.coefficients.dtype, torch.float32)
        if torch.is_grad_enabled() or self.coefficients.is_meta:
            return self._ground_states(self.coefficients.to(precise))
        # What is minimized, and where from, is all that the answer depends on.
        states = (self.coefficients.detach().to(precise), self.choice.starting_weights)
        asked = [part for part in states if part is not None]
        known = self._known.value
        if known is None or not all(
            now.dtype == then.dtype and now.device == then.device and torch.equal(now, then)
            for now, then in zip(asked, known[0], strict=True)
        ):
            kept = [part.clone() for part in asked]
            known = self._known.value = (kept, self._ground_states(asked[0]))
        found: Tensor = known[1]
        return found

    def _ground_states(self, coefficients: Tensor) -> Tensor:
        """Probabilities of the options, (R, K)."""
        values = self.choice(coefficients)
        signs = torch.as_tensor(option_signs(self.n_options), dtype=values.dtype, device=values.device)
        probabilities: Tensor = (1.0 + values @ signs.T) / self.n_options
        return probabilities


def _wire_sets(n_qubits: int) -> list[tuple[int, ...]]:
    """Every set of qubits but the empty one, small ones first."""
    sizes = range(1, n_qubits + 1)
    return [wires for size in sizes for wires in combinations(range(n_qubits), size)]
