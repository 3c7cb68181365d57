"""Which engine finds the angles of a QAOA, and which circuit is sampled, for the QUBO of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..circuits import (
    CircuitQAOA,
    DiagonalQAOA,
    MultiAngleQAOA,
    SubspaceCircuit,
    SubspaceQAOA,
    WarmStartQAOA,
    initial_angles,
)
from ..circuits.product_space import ProductSpace, binary_space
from ..circuits.subspace_groups import FixedWeight, OneHot
from ..circuits.warm_starts import warm_start

if TYPE_CHECKING:
    from ..qubo import Qubo

__all__ = ["MIXERS", "VARIANTS", "Machine", "build_machine"]

MIXERS = ("x", "xy-exact", "xy-trotter", "grover")
VARIANTS = ("standard", "multi-angle", "warm-start")
PROBES = 256  # random bit strings


class Circuit(Protocol):
    """What is asked of a circuit and of an engine alike."""

    @property
    def simulator(self) -> str:
        """Name for tables."""
        ...

    @property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every state of the space."""
        ...

    def probabilities(self, gammas: Any, betas: Any) -> NDArray[Any]:
        """Exact probability of every state of the space."""
        ...

    def sample(self, gammas: Any, betas: Any, shots: int, seed: int | None = None) -> NDArray[np.uint8]:
        """Bit strings."""
        ...

    def resources(self, depth: int) -> dict[str, int]:
        """Gates of the circuit."""
        ...


@dataclass(frozen=True, eq=False)
class Machine:
    """An engine and, where it is small enough to run, the circuit that it stands for.

    Attributes:
        engine: trains the angles.
        circuit: is sampled; the engine itself where the circuit has too many qubits.
        space: the bit strings that the circuit can give.
    """

    engine: Any
    circuit: Circuit
    space: ProductSpace

    @property
    def runs_circuit(self) -> bool:
        """Whether samples come from a circuit."""
        return self.circuit is not self.engine

    def rule_for(self, qubo: Qubo) -> str:
        """The rule whose angles did best without training: a ramp where bit strings can break constraints.

        Measured in the study of choosing angles. Whether they can is looked up on random bit strings of the
        space.
        """
        rng = np.random.default_rng(0)
        strings = self.engine.space.bits(rng.integers(self.engine.space.dimension, size=PROBES))
        states, valid = qubo.decode_bits(strings)
        return "regular" if (valid & qubo.problem.feasible(states)).all() else "ramp"

    def start(self, qubo: Qubo, depth: int, rule: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Angles that need no training."""
        rule = self.rule_for(qubo) if rule == "auto" else rule
        if isinstance(self.engine, SubspaceQAOA):
            return initial_angles(self.engine, depth, rule=rule)
        angles = initial_angles(qubo.bqm, depth, rule=rule)
        return self.engine.widen(*angles) if isinstance(self.engine, MultiAngleQAOA) else angles

    def difference(self, gammas: Any, betas: Any, probabilities: NDArray[Any]) -> float:
        """Largest difference between probabilities of the circuit and those of the engine."""
        expected = self.engine.probabilities(gammas, betas)
        if isinstance(self.circuit, SubspaceCircuit):
            inside, expected = expected, np.zeros(self.space.dimension)
            expected[self.circuit.places] = inside
        return float(np.abs(expected - probabilities).max())


def build_machine(
    qubo: Qubo, *, mixer: str, variant: str, device: Any, compute: str, circuit_qubits: int, seed: int
) -> Machine:
    """Build what runs a QUBO.

    Args:
        qubo: at least one bit.
        mixer: one of ``MIXERS``. All but "x" keep the QUBO's groups and act on the subspace.
        variant: one of ``VARIANTS``; others than "standard" for the mixer "x" only.
        device: a PennyLane device instead of ``hybrid.aer``, or None.
        compute: "auto", "cpu" or "gpu".
        circuit_qubits: qubits up to which the circuit itself is run.
        seed: of the relaxation for a warm start.

    Returns:
        Engine and circuit.

    Raises:
        CircuitError: the device cannot be used.
        CircuitTooLargeError: the state does not fit.
    """
    circuit: Circuit
    engine: Any
    small = qubo.n_bits <= circuit_qubits or device is not None
    if mixer == "x":
        thetas = None
        if variant == "warm-start":
            thetas = warm_start(qubo.bqm, seed=seed).thetas
            engine = WarmStartQAOA(qubo.bqm, thetas)
        else:
            engine = (
                MultiAngleQAOA(qubo.bqm)
                if variant == "multi-angle"
                else DiagonalQAOA(qubo.bqm, compute=compute)
            )
        circuit = engine
        if small:
            circuit = CircuitQAOA(qubo.bqm, device=device, compute=compute, thetas=thetas)
        return Machine(engine, circuit, binary_space(qubo.n_bits))
    groups = [OneHot(labels) for labels in qubo.groups]
    weights = [FixedWeight(labels, weight) for labels, weight in qubo.weight_groups]
    options: dict[str, Any] = {"groups": [*groups, *weights], "mixer": mixer}
    inside = SubspaceQAOA(qubo.bqm, **options)
    if not small:
        return Machine(inside, inside, inside.space)
    circuit = SubspaceCircuit(qubo.bqm, device=device, compute=compute, **options)
    return Machine(inside, circuit, binary_space(qubo.n_bits))
