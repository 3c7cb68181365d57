"""A controller of attention that is a circuit, and the same without entanglement.

Shapes: H heads, N qubits.
"""

from __future__ import annotations

import math
from typing import Any

import pennylane as qml
import torch
from torch import Tensor, nn

from ..circuits.ansatz import ansatz_names
from ..classical.component_settings import (
    choice_setting,
    number_setting,
    read_settings,
    switch_setting,
    whole_number_setting,
)
from ..classical.control_signals import CONTROL_STATISTICS, ControlSignal
from ..classical.controller_ranges import dropout_factor, scale_factors, squashed_statistics
from .qnn import QNNLayer

__all__ = ["QNNController", "build_qnn_controller", "build_separable_controller"]

_SIMULATORS = ("aer", "native")
# A circuit beyond this is no longer a small part of a step.
_MOST_QUBITS, _MOST_LAYERS = 12, 16
_DEFAULTS = {
    "n_qubits": 3,
    "n_layers": 2,
    "reupload": True,
    "gain": 0.1,
    "simulator": "aer",
    "seed": None,
}


class QNNController(nn.Module):
    """A circuit that reads the statistics of each head and answers with its factor on lambda.

    The three statistics of a head, within -1 and 1 (`classical.controller_ranges.squashed_statistics`), are
    one sample: qubit i is turned by pi/2 times statistic i mod 3, before every layer where ``reupload`` is
    set. All H heads are one batch and one run of the simulator, with the same weights. Two values are read,
    both of products of Z, and so from one measurement basis:

        z_0 = mean_i <Z_i>,    z_1 = mean_i <Z_i Z_(i+1 mod N)>,    outputs = tanh(gain * z + shift)

    scale_factor = 4^outputs_0, strictly between 1/4 and 4; dropout_factor = 1 + mean over heads of outputs_1,
    between 0 and 2. z_0 reads every qubit, so that the ansatz "separable", whose qubits never meet, still
    sees all three statistics: what it lacks is entanglement, not inputs. Gain and shift are two trainable
    numbers each, the gains small at first, so that training starts near factors of 1.

    No gradient reaches a dropout probability: gain and shift of outputs_1 stay where they are, and outputs_1
    changes with the weights that it shares with outputs_0. The factor on dropout is one for the layer.

    The statistics of the step before are kept, and saved with the model, by
    `classical.attention_control.AttentionControl`, which hands them over in evaluation too: nothing here
    depends on the batch, and a loaded model answers what the saved one did.

    At the defaults: 3 qubits, 18 angles of the circuit and 4 numbers around it, 22 parameters in each layer
    of the transformer. A training step runs the circuit for H samples and one adjoint sweep.

    Args:
        num_heads: H.
        n_qubits: N, at least 3.
        n_layers: number of trainable layers.
        ansatz: name of the trainable layers, see ``circuits.ansatz``.
        reupload: whether the statistics are encoded before every layer instead of once.
        gain: first value of both gains; outputs are no larger at the start.
        simulator: "aer" or "native".
        seed: of the initial weights; None draws one from torch's generator.

    Raises:
        CircuitError: an illegal argument.
        OptionError: an illegal seed.
        DeviceUnavailableError: Aer cannot be loaded.

    Example:
        >>> controller = QNNController(2, simulator="native", gain=0.0, seed=1)
        >>> controller(torch.tensor([[1.0, 1.0, 0.0], [0.5, 2.0, 0.1]])).scale_factor.tolist()
        [1.0, 1.0]
    """

    # Angles are periodic: 0 is no smaller an angle than another.
    no_decay_parameters = ("circuit.weights",)

    def __init__(
        self,
        num_heads: int,
        *,
        n_qubits: int = 3,
        n_layers: int = 2,
        ansatz: str = "strongly_entangling",
        reupload: bool = True,
        gain: float = 0.1,
        simulator: str = "aer",
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.num_heads, self.first_gain = num_heads, gain
        share = 1.0 / n_qubits
        neighbors = [(wire, (wire + 1) % n_qubits) for wire in range(n_qubits)]
        self.circuit = QNNLayer(
            n_qubits,
            n_layers,
            ansatz=ansatz,
            encoding="angle",
            reupload=reupload,
            observables=[
                qml.sum(*(share * qml.Z(wire) for wire in range(n_qubits))),
                qml.sum(*(share * (qml.Z(first) @ qml.Z(second)) for first, second in neighbors)),
            ],
            # A batch of a few heads on a few qubits is done before threads have started.
            threads=1,
            simulator=simulator,
            seed=seed,
        )
        self.gain = nn.Parameter(torch.empty(2))
        self.shift = nn.Parameter(torch.empty(2))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Give all parameters the values of the start: the same weights, gains as given, shifts of 0."""
        self.circuit.reset_parameters()
        nn.init.constant_(self.gain, self.first_gain)
        nn.init.zeros_(self.shift)

    def forward(self, statistics: Tensor) -> ControlSignal:
        """The factors for statistics (H, 3)."""
        squashed = squashed_statistics(statistics, self.num_heads)
        columns = torch.arange(self.circuit.n_inputs, device=squashed.device) % len(CONTROL_STATISTICS)
        values = self.circuit(squashed[:, columns] * (math.pi / 2.0))
        precise = torch.promote_types(self.gain.dtype, values.dtype)
        outputs = torch.tanh(self.gain.to(precise) * values.to(precise) + self.shift.to(precise))
        return ControlSignal(scale_factors(outputs[:, 0]), dropout_factor(outputs[:, 1]))


def build_qnn_controller(settings: dict[str, Any], *, num_heads: int, **context: Any) -> QNNController:
    """Builder of controller "qnn".

    Args:
        settings: ``n_qubits``, 3 to 12, 3 where not given; ``n_layers``, 1 to 16, 2; ``ansatz``, a name of
            ``circuits.ansatz``, "strongly_entangling"; ``reupload``, True; ``gain``, 0 to 10, 0.1;
            ``simulator``, "aer" or "native", "aer"; ``seed``, None.
        num_heads: H.
        context: not used.

    Returns:
        The controller.

    Raises:
        ComponentError: settings that are not legal.

    Example:
        >>> controller = build_qnn_controller({"simulator": "native"}, num_heads=4)
        >>> sum(part.numel() for part in controller.parameters())
        22
    """
    component = "controller 'qnn'"
    known = read_settings(component, settings, {**_DEFAULTS, "ansatz": "strongly_entangling"})
    ansatz = choice_setting(component, known, "ansatz", ansatz_names())
    return _built(component, known, num_heads, ansatz)


def build_separable_controller(settings: dict[str, Any], *, num_heads: int, **context: Any) -> QNNController:
    """Builder of controller "separable": controller "qnn" without entangling gates, its control.

    Args:
        settings: those of "qnn" but ``ansatz``.
        num_heads: H.
        context: not used.

    Returns:
        The controller, with as many parameters as "qnn" has.

    Raises:
        ComponentError: settings that are not legal.

    Example:
        >>> controller = build_separable_controller({"simulator": "native"}, num_heads=4)
        >>> sum(part.numel() for part in controller.parameters())
        22
    """
    component = "controller 'separable'"
    known = read_settings(component, settings, _DEFAULTS)
    return _built(component, known, num_heads, "separable")


def _built(component: str, known: dict[str, Any], num_heads: int, ansatz: str) -> QNNController:
    """The controller of settings that are checked here."""
    return QNNController(
        num_heads,
        n_qubits=whole_number_setting(component, known, "n_qubits", len(CONTROL_STATISTICS), _MOST_QUBITS),
        n_layers=whole_number_setting(component, known, "n_layers", 1, _MOST_LAYERS),
        ansatz=ansatz,
        reupload=switch_setting(component, known, "reupload"),
        gain=number_setting(component, known, "gain", 0.0, 10.0),
        simulator=choice_setting(component, known, "simulator", _SIMULATORS),
        seed=whole_number_setting(component, known, "seed", 0, optional=True),
    )
