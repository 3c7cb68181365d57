"""A controller of attention that chooses a factor on lambda from a few by the ground state of a Hamiltonian.

Shapes: H heads, K bins, N = log2 K qubits per head.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..classical.bin_controllers import chosen_factors, start_bin
from ..classical.component_settings import (
    choice_setting,
    number_setting,
    read_settings,
    whole_number_setting,
)
from ..classical.control_signals import ControlSignal
from ..classical.errors import ComponentError
from .ground_state_choice import OPTION_COUNTS, SIMULATORS, GroundStateChoice

__all__ = ["VQEBinsController", "build_vqe_bins"]


class VQEBinsController(GroundStateChoice):
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

    def __init__(
        self,
        num_heads: int,
        *,
        n_bins: int = 4,
        transverse_field: float = 1.0,
        simulator: str = "aer",
        seed: int | None = None,
    ) -> None:
        super().__init__(
            [start_bin(n_bins)] * num_heads,
            n_bins,
            transverse_field=transverse_field,
            simulator=simulator,
            seed=seed,
        )
        self.n_bins = n_bins

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
    n_bins = whole_number_setting(component, known, "n_bins", min(OPTION_COUNTS), max(OPTION_COUNTS))
    if n_bins not in OPTION_COUNTS:
        raise ComponentError(
            f"n_bins of {component} is {', '.join(map(str, OPTION_COUNTS))}, so that bit strings and bins "
            f"match, not {n_bins}"
        )
    return VQEBinsController(
        num_heads,
        n_bins=n_bins,
        transverse_field=number_setting(component, known, "transverse_field", 0.05, 20.0),
        simulator=choice_setting(component, known, "simulator", SIMULATORS),
        seed=whole_number_setting(component, known, "seed", 0, optional=True),
    )
