"""QAOA as a PennyLane circuit on the ``hybrid.aer`` device, its draws decoded and judged like any other.

Farhi, Goldstone, Gutmann, arXiv 1411.4028 (2014). Angles start from a published table rescaled to the model
(Sureshbabu et al., Quantum 8, 1231 (2024)), never from random numbers; training them is optional.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ..circuits import AerDevice, CircuitQAOA, initial_angles
from ..errors import OptionError
from ..seeds import child_seed
from .base import Outcome, Request
from .draws import compile_qubo
from .quantum_run import check_qubits, circuit_errors, nothing_to_run, propose, record_run
from .settings import check_choice, check_translation, check_whole
from .training import OPTIMIZERS, Angles, train

if TYPE_CHECKING:
    from ..qubo import Qubo

__all__ = ["QAOA"]

TRAINING_QUBITS = 18  # above, one expectation takes seconds
EXACT_QUBITS = 20  # above, figures come from the shots instead of all 2**n probabilities


@dataclass(frozen=True)
class QAOA:
    """The quantum approximate optimization algorithm with the X mixer.

    With ``shots`` the circuit is measured and every shot is a proposal. With ``shots=None`` the exact
    probabilities are computed and the one proposal is the most probable feasible assignment, never the best
    of all 2**n that a simulator happens to know. Up to 20 qubits the figures of the quantum row (P(optimum),
    feasible share, mean objective) come from the exact probabilities in both cases.

    Args:
        depth: layers p.
        shots: measurements, or None for exact probabilities.
        optimizer: SciPy method that improves the 2p angles ("COBYLA", "Nelder-Mead", "Powell", "L-BFGS-B"),
            or None to take the rescaled table as it is. Not above 18 qubits.
        max_evaluations: expectations the optimizer may use; each counts as 1,000 samples in comparisons.
        compute: "auto", "cpu" or "gpu".
        device: a PennyLane device instead of ``hybrid.aer``.
        encoding: how integers and levels become bits, see ``to_qubo``.
        penalty: how constraints enter, see ``to_qubo``.
        postprocess: "descent" runs a single-flip descent from every draw; the method is then called
            "qaoa+descent", and the quantum row still describes the circuit alone.
        max_qubits: refuse models that need more.

    Raises:
        OptionError: an illegal setting.

    Example:
        >>> QAOA(depth=0)
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: depth is 0; it must be a whole number of at least 1
    """

    depth: int = 3
    shots: int | None = 1000
    optimizer: str | None = None
    max_evaluations: int = 100
    compute: str = "auto"
    device: Any = None
    encoding: str | Mapping[Any, str] = "auto"
    penalty: str | float | Mapping[Any, float] = "certified"
    postprocess: str | None = None
    max_qubits: int = 20

    def __post_init__(self) -> None:
        check_whole("depth", self.depth)
        if self.shots is not None:
            check_whole("shots", self.shots, most=10**8)
        check_choice("optimizer", self.optimizer, (None, *OPTIMIZERS))
        check_whole("max_evaluations", self.max_evaluations)
        check_choice("compute", self.compute, ("auto", "cpu", "gpu"))
        check_choice("postprocess", self.postprocess, (None, "descent"))
        check_whole("max_qubits", self.max_qubits)
        check_translation(self.encoding, self.penalty)

    @property
    def name(self) -> str:
        """Name used in tables."""
        return "qaoa" if self.postprocess is None else f"qaoa+{self.postprocess}"

    def solve(self, request: Request) -> Outcome:
        """Compile, choose angles, run the circuit, decode.

        Args:
            request: the model, the seed, the time limit.

        Returns:
            The decoded draws and the quantum row; no row for a model that needs no qubit.

        Raises:
            ModelTooLargeError: the QUBO has more bits than ``max_qubits``, or memory is short.
            OptionError: an optimizer was asked for above 18 qubits, or the device cannot be used.
            MissingDependencyError: Aer is not installed.
        """
        begin = perf_counter()
        qubo = compile_qubo(request, self.encoding, self.penalty)
        compile_seconds = perf_counter() - begin
        self._check_size(qubo)
        if not qubo.n_bits:
            return nothing_to_run(qubo, compile_seconds)
        with circuit_errors(self.compute):
            return self._run(request, qubo, compile_seconds)

    def _check_size(self, qubo: Qubo) -> None:
        n = qubo.n_bits
        check_qubits("qaoa", "QAOA(max_qubits=...)", qubo, self.max_qubits)
        if self.optimizer is not None and n > TRAINING_QUBITS:
            raise OptionError(
                f"optimizer is {self.optimizer!r} for {n} qubits; angles are trained up to {TRAINING_QUBITS} "
                "qubits. Use optimizer=None, which takes the rescaled table angles"
            )

    def _run(self, request: Request, qubo: Qubo, compile_seconds: float) -> Outcome:
        own_seed = self.device is not None and not isinstance(self.device, AerDevice)
        built = perf_counter()
        circuit = CircuitQAOA(qubo.bqm, device=self.device, compute=self.compute)
        gammas, betas = initial_angles(qubo.bqm, self.depth)
        angles = Angles(gammas, betas)
        allowed = request.time_limit - compile_seconds
        trained = perf_counter()
        if self.optimizer is not None:
            angles = train(
                circuit.value,
                gammas,
                betas,
                optimizer=self.optimizer,
                max_evaluations=self.max_evaluations,
                allowed=allowed,
                progress=request.progress,
            )
        sampled = perf_counter()
        bits, probabilities = None, None
        if self.shots is None:
            probabilities = np.asarray(circuit.probabilities(angles.gammas, angles.betas))
        else:
            seed = None if own_seed else child_seed(request.seed, "qaoa")
            bits = np.asarray(circuit.sample(angles.gammas, angles.betas, self.shots, seed=seed))
        done = perf_counter()
        if probabilities is None and qubo.n_bits <= EXACT_QUBITS:
            probabilities = np.asarray(circuit.probabilities(angles.gammas, angles.betas))
        resources = circuit.resources(self.depth)
        record, likely = record_run(
            qubo,
            bits=bits,
            probabilities=probabilities,
            energies=None if probabilities is None else circuit.energies,
            shots=self.shots,
            evaluations=angles.evaluations,
            simulator=str(circuit.simulator),
            depth=self.depth,
            two_qubit_gates=int(resources["two_qubit_gates"]),
            two_qubit_depth=int(resources["two_qubit_depth"]),
            gammas=tuple(float(angle) for angle in angles.gammas),
            betas=tuple(float(angle) for angle in angles.betas),
            seconds=done - trained,
        )
        states, counts, notes = propose(qubo, bits, likely, self.postprocess)
        if angles.limited or angles.interrupted:
            reason = "ctrl-C" if angles.interrupted else "the time limit"
            notes.append(f"{reason} ended the training after {angles.evaluations} evaluations")
        if done - built > allowed:
            notes.append(
                f"it took {done - built:.1f} s, more than the time limit: a circuit is not stopped half-way"
            )
        repeatable = self.shots is None or not own_seed
        if not repeatable:
            notes.append(f"the samples follow the seed of {circuit.simulator}, not the one recorded here")
        request.progress(1.0, "done")
        return Outcome(
            states,
            counts,
            draws=self.shots,
            effort={
                "depth": self.depth,
                "shots": self.shots,
                "evaluations": angles.evaluations,
                "samples_counted": record.samples_counted,
            },
            timings={
                "compile": compile_seconds,
                "build": trained - built,
                "train": sampled - trained,
                "sample": done - sampled,
                "figures": perf_counter() - done,
            },
            deterministic=repeatable and not (angles.limited or angles.interrupted),
            interrupted=angles.interrupted,
            quantum=record,
            notes=notes,
        )
