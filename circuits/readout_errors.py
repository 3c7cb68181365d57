"""Wrong bits at readout, taken out of a noise model and put into probabilities.

Aer draws shots one by one where a noise model touches the measurement. If all it does there is to read single
qubits wrongly, the same distribution is the exact one with each measured bit confused, and no shot has to be
simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError

__all__ = ["Confusions", "confuse", "read_confusions"]

Confusions = dict[int | None, NDArray[np.float64]]
"""For a wire, or for None all others: entry (m, n) is the probability to read n where the bit is m."""


def read_confusions(noise_model: Any) -> Confusions | None:
    """What a noise model does to measured bits.

    Args:
        noise_model: a ``qiskit_aer.noise.NoiseModel``, or None for no noise.

    Returns:
        The confusion matrices by wire, empty without readout errors; None where measurements suffer something
        else, such as a gate error.

    Raises:
        CircuitError: a readout error of several qubits together, which Aer would leave out.

    Example:
        >>> from .noise import readout_noise
        >>> read_confusions(readout_noise(0.1))[None].round(6).tolist()
        [[0.9, 0.1], [0.1, 0.9]]
    """
    if noise_model is None:
        return {}
    confusions: Confusions = {}
    for error in noise_model.to_dict(serializable=True).get("errors", []):
        if "measure" not in error["operations"]:
            continue
        matrix = np.array(error["probabilities"], dtype=np.float64)
        if error["type"] == "roerror" and matrix.shape != (2, 2):
            raise CircuitError(
                f"the noise model has a readout error of the qubits {error.get('gate_qubits')} "
                "together; wires are measured one by one, so give each qubit an error of its own"
            )
        if error["type"] != "roerror":
            return None
        for qubits in error.get("gate_qubits", [(None,)]):
            confusions[qubits[0]] = matrix
    return confusions


def confuse(
    probabilities: NDArray[np.float64], wires: Sequence[int], confusions: Confusions
) -> NDArray[np.float64]:
    """Probabilities of what is read.

    Args:
        probabilities: of the true outcomes, shape (B, 2**W).
        wires: the measured wires; the first is the most significant bit.
        confusions: see `read_confusions`.

    Returns:
        Shape (B, 2**W).

    Example:
        >>> confuse(np.array([[1.0, 0.0]]), [0], {None: np.array([[0.9, 0.1], [0.2, 0.8]])}).tolist()
        [[0.9, 0.1]]
    """
    for place, wire in enumerate(wires):
        matrix = confusions.get(wire, confusions.get(None))
        if matrix is not None:
            split = probabilities.reshape(len(probabilities) * 2**place, 2, -1)
            probabilities = np.einsum("amb,mn->anb", split, matrix).reshape(len(probabilities), -1)
    return probabilities
