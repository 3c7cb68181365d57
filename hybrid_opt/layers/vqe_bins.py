"""A controller of attention that chooses a factor on lambda from a few by the ground state of a Hamiltonian.

Shapes: H heads, K bins, N = log2 K qubits per head.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pennylane as qml
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..circuits.product_space import binary_space
from ..classical.bin_controllers import chosen_factors, start_bin
from ..classical.component_settings import (
    choice_setting,
    number_setting,
    read_settings,
    whole_number_setting,
)
from ..classical.control_signals import ControlSignal
from ..classical.errors import ComponentError
from .circuit_layer import Local
from .vqe import VQELayer

__all__ = ["VQEBinsController", "bin_signs", "build_vqe_bins"]

_SIMULATORS = ("aer", "native")
# Number of bins -> how far the bin of factor 1 lies below the others at the start, in units of the transverse
# field, so that its probability in the ground state is 0.6, that of controller "softmax_bins".
_START_GAPS = {2: 0.408, 4: 1.675, 8: 2.725}


def bin_signs(n_bins: int) -> NDArray[np.float64]:
    """What Z of every set of qubits is in every bin, with the bins in Gray order.

    Bin k is the bit string k XOR (k >> 1), so that neighbors on the scale of lambda differ in one bit: the
    transverse field, which turns single qubits, mixes neighbors.

    Args:
        n_bins: K, a power of 2.

    Returns:
        (K, K - 1): Z of one qubit each, then of pairs, and so on; orthogonal columns of 1 and -1.

    Example:
        >>> bin_signs(4).tolist()
        [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]]
    """
    numbers = np.arange(n_bins)
    spins = 1.0 - 2.0 * binary_space(n_bins.bit_length() - 1).bits(numbers ^ (numbers >> 1))
    return np.stack([spins[:, list(wires)].prod(axis=1) for wires in _wire_sets(spins.shape[1])], axis=1)


class VQEBinsController(nn.Module):
    """Each head chooses one of K factors on lambda by the ground state of a Hamiltonian of its own.

    Head h has N = log2 K qubits and the Hamiltonian

        sum over sets S of its qubits: coefficient_hS prod_{i in S} Z_i - field sum_i X_i

    with K - 1 learnable coefficients: every diagonal of K energies up to a constant, as logits of a softmax
    are. `VQELayer` minimizes its energy anew in every forward pass; the K - 1 expectation values e of the
    products of Z give the probability of every bin in the ground state, (1 + sum_S sign_kS e_S) / K, and
    scale_factor is that of the most likely bin, with the gradient of the probabilities
    (`classical.bin_controllers.chosen_factors`), which are differentiated by the implicit function theorem.
    The statistics are not read and dropout_factor is 1.

    Bits and not one-hot groups: with K a power of 2 every bit string is a legal choice, so that there is no
    penalty to tune, and N qubits do instead of K. Heads share no term, so that the layer's ground state is
    the product of theirs: H heads are a batch of H circuits on N qubits instead of one on H N, which for 8
    heads and 4 bins would be 16. A problem of N = 2 qubits has no need of a quantum computer; this is the
    layer at work, and `classical.bin_controllers.SoftmaxBinsController` its control.

    At the start the bin of factor 1 has the probability 0.6. At the defaults: 2 qubits per head, 3 H
    parameters in each layer of the transformer (12 for 4 heads). A forward pass is two minimizations per head
    of some tens of circuit runs, all heads at once; where no gradient is recorded, as in generation, only
    once for the same coefficients.

    Args:
        num_heads: H.
        n_bins: K: 2, 4 or 8. The factors are those of `classical.bin_controllers.bin_exponents`.
        transverse_field: strength of the field, which rounds the choice off as a temperature would.
        simulator: "aer" or "native".
        seed: of the weights that minimizations begin with; None draws one from torch's generator.

    Raises:
        CircuitError: an illegal argument.
        OptionError: an illegal seed.
        DeviceUnavailableError: Aer cannot be loaded.

    Example:
        >>> VQEBinsController(2, simulator="native", seed=1)(None).scale_factor.tolist()
        [1.0, 1.0]
    """

    # Decay would pull every choice to even odds.
    no_decay_parameters = ("coefficients",)

    def __init__(
        self,
        num_heads: int,
        *,
        n_bins: int = 4,
        transverse_field: float = 1.0,
        simulator: str = "aer",
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.n_bins, self.transverse_field = n_bins, transverse_field
        n_qubits = n_bins.bit_length() - 1
        self.choice = VQELayer(
            [qml.prod(*map(qml.Z, wires)) for wires in _wire_sets(n_qubits)],
            n_qubits,
            # So many layers reach every ground state here, which is real and positive.
            n_layers=max(2, n_qubits),
            output="expectations",
            transverse_field=transverse_field,
            starts=2,
            # A batch of a few heads on a few qubits is done before threads have started.
            threads=1,
            simulator=simulator,
            seed=seed,
        )
        self.coefficients = nn.Parameter(torch.empty(num_heads, n_bins - 1))
        self._known = Local()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Give coefficients, and the weights where minimizations begin, the values of the start."""
        self.choice.reset_parameters()
        gap = _START_GAPS[self.n_bins] * self.transverse_field
        # All bins but one have the same energy.
        row = -gap / self.n_bins * bin_signs(self.n_bins)[start_bin(self.n_bins)]
        with torch.no_grad():
            self.coefficients.copy_(torch.tensor(row, device="cpu").expand(self.coefficients.shape))

    def probabilities(self) -> Tensor:
        """Of the bins in the ground states, (H, K), at least float32."""
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
        """Probabilities of the bins, (H, K)."""
        values = self.choice(coefficients)
        signs = torch.as_tensor(bin_signs(self.n_bins), dtype=values.dtype, device=values.device)
        probabilities: Tensor = (1.0 + values @ signs.T) / self.n_bins
        return probabilities

    def forward(self, statistics: Tensor | None) -> ControlSignal:
        """The factors, whatever the statistics (H, 3)."""
        factors = chosen_factors(self.probabilities())
        return ControlSignal(factors, torch.ones_like(factors[0]).detach())


def build_vqe_bins(settings: dict[str, Any], *, num_heads: int, **context: Any) -> VQEBinsController:
    """Builder of controller "vqe_bins".

    Args:
        settings: ``n_bins``, 2, 4 or 8, 4 where not given; ``transverse_field``, 0.05 to 20, 1;
            ``simulator``, "aer" or "native", "aer"; ``seed``, None.
        num_heads: H.
        context: not used.

    Returns:
        The controller.

    Raises:
        ComponentError: settings that are not legal.

    Example:
        >>> build_vqe_bins({"simulator": "native"}, num_heads=4).coefficients.shape
        torch.Size([4, 3])
    """
    component = "controller 'vqe_bins'"
    defaults = {"n_bins": 4, "transverse_field": 1.0, "simulator": "aer", "seed": None}
    known = read_settings(component, settings, defaults)
    n_bins = whole_number_setting(component, known, "n_bins", min(_START_GAPS), max(_START_GAPS))
    if n_bins not in _START_GAPS:
        raise ComponentError(
            f"n_bins of {component} is {', '.join(map(str, _START_GAPS))}, so that bit strings and bins "
            f"match, not {n_bins}"
        )
    return VQEBinsController(
        num_heads,
        n_bins=n_bins,
        transverse_field=number_setting(component, known, "transverse_field", 0.05, 20.0),
        simulator=choice_setting(component, known, "simulator", _SIMULATORS),
        seed=whole_number_setting(component, known, "seed", 0, optional=True),
    )


def _wire_sets(n_qubits: int) -> list[tuple[int, ...]]:
    """Every set of qubits but the empty one, small ones first."""
    sizes = range(1, n_qubits + 1)
    return [wires for size in sizes for wires in combinations(range(n_qubits), size)]
