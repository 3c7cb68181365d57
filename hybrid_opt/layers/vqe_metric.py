"""A choice of the metric of each layer by the ground state of a Hamiltonian.

Shapes: L layers, K metrics to choose among, N = log2 K qubits per layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..classical.chosen_metric import read_candidates, read_start
from ..classical.component_settings import (
    choice_setting,
    number_setting,
    read_settings,
    whole_number_setting,
)
from ..classical.errors import ComponentError
from .ground_state_choice import OPTION_COUNTS, SIMULATORS, GroundStateChoice

__all__ = ["VQEMetricChoice", "build_vqe_metric"]


class VQEMetricChoice(GroundStateChoice):
    """Each layer chooses one of K metrics by the ground state of a Hamiltonian of its own.

    `GroundStateChoice` has the Hamiltonian: N = log2 K qubits and K - 1 learnable coefficients per layer. The
    ground-state probabilities of its bit strings are those of the metrics; a layer computes with the most
    likely one, and in training the probabilities get the gradient of the mixture of all
    (`classical.choosing_attention`). In the list of metrics, neighbors differ in one bit, and so do the first
    and the last: the transverse field mixes them.

    A register per layer, not one for all with couplings between neighbors: an ansatz that reached the ground
    states of random coupled Hamiltonians of 2 layers and 4 metrics to 1e-8 (4 layers of gates on 4 qubits, 24
    angles) took 1 to 2 seconds for a forward and backward pass on one busy core, with 2 layers of gates still
    0.3 and errors of expectation values up to 0.2. Registers that share no term are a batch of circuits on N
    qubits, whose states are exact. A problem of N = 1 or 2 qubits has no need of a quantum computer; this is
    the layer at work, and `classical.metric_choices.SoftmaxMetricChoice` its control.

    At the start each layer's metric of the configuration has the probability 0.6. With 4 metrics: 2 qubits
    and 3 parameters per layer.

    Args:
        start: number of the metric each of the L layers starts with, 0 to K - 1.
        n_options: K: 2 or 4.
        transverse_field: strength of the field, which rounds the choice off as a temperature would.
        simulator: "aer" or "native".
        seed: of the weights that minimizations begin with; None draws one from torch's generator.

    Raises:
        CircuitError: an illegal argument.
        OptionError: an illegal seed.
        DeviceUnavailableError: Aer cannot be loaded.

    Example:
        >>> VQEMetricChoice([1, 0], 2, simulator="native", seed=1)().argmax(1).tolist()
        [1, 0]
    """

    def forward(self) -> Tensor:
        """Probabilities of the metrics in the ground states, (L, K)."""
        return self.probabilities()


def build_vqe_metric(
    settings: dict[str, Any], *, num_layers: int, start_metrics: Sequence[str], **context: Any
) -> VQEMetricChoice:
    """Builder of metric choice "vqe_metric".

    Args:
        settings: ``metrics``, the 2 or 4 names to choose among; ``transverse_field``, 0.05 to 20, 1;
            ``simulator``, "aer" or "native", "aer"; ``seed``, None.
        num_layers: L.
        start_metrics: name of the metric each layer starts with.
        context: not used.

    Returns:
        The component.

    Raises:
        ComponentError: settings that are not legal, or a layer that starts with none of the metrics.

    Example:
        >>> spec = {"metrics": ["l1", "l2", "squared_l2", "cosine"], "simulator": "native"}
        >>> build_vqe_metric(spec, num_layers=3, start_metrics=["l1"] * 3).coefficients.shape
        torch.Size([3, 3])
    """
    component = "metric_choice 'vqe_metric'"
    defaults = {"metrics": None, "transverse_field": 1.0, "simulator": "aer", "seed": None}
    known = read_settings(component, settings, defaults)
    candidates = read_candidates(component, known)
    if len(candidates) not in OPTION_COUNTS:
        raise ComponentError(
            f"{component} chooses among 2 or 4 metrics, so that bit strings and metrics match, not among "
            f"{len(candidates)}; take some out"
        )
    return VQEMetricChoice(
        read_start(component, candidates, num_layers, start_metrics),
        len(candidates),
        transverse_field=number_setting(component, known, "transverse_field", 0.05, 20.0),
        simulator=choice_setting(component, known, "simulator", SIMULATORS),
        seed=whole_number_setting(component, known, "seed", 0, optional=True),
    )
