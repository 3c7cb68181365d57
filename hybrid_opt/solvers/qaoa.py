"""QAOA: an engine finds the angles, the circuit on ``hybrid.aer`` is sampled, and its draws are judged.

Farhi, Goldstone, Gutmann, arXiv 1411.4028 (2014). Angles start from a rule rescaled to the model, never from
random numbers; training them is optional.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..circuits import AerDevice
from ..circuits.angle_tables import ANGLE_RULES
from ..circuits.objectives import EXPECTATION, Objective
from ..circuits.trained_angles import TrainedAngles
from ..errors import ModelTooLargeError, OptionError
from ..qubo.encoding_choice import Target
from ..seeds import child_seed
from .base import Outcome, Request
from .draws import compile_qubo
from .qaoa_engines import MIXERS, VARIANTS, Machine, build_machine
from .quantum_run import check_qubits, circuit_errors, nothing_to_run, propose, record_run
from .settings import check_choice, check_translation, check_whole
from .training import OPTIMIZERS, Training, train

if TYPE_CHECKING:
    from ..qubo import Qubo

__all__ = ["QAOA"]

EXACT_STATES = 2**20  # above, figures come from the shots instead of all probabilities
NOISY_STATES = 2**10  # the same with a noise model, where exact probabilities take a density matrix


@dataclass(frozen=True)
class QAOA:
    """The quantum approximate optimization algorithm.

    The angles are found on an engine: the diagonal one for the X mixer, the subspace one for the mixers that
    keep groups of bits. Up to ``circuit_qubits`` the PennyLane circuit with these angles is then run on
    ``hybrid.aer``, and the quantum row names the largest difference between its probabilities and the
    engine's. Beyond that the row comes from the engine and says so; its depth and gates are those of the
    equivalent circuit.

    With ``shots`` every measured bit string is a proposal. With ``shots=None`` the exact probabilities are
    computed and the one proposal is the most probable feasible assignment, never the best of all states that
    a simulator happens to know. Up to 2**20 states (2**10 with a noise model) the figures of the quantum row
    (P(optimum), feasible share, mean objective) come from the exact probabilities in both cases.

    Args:
        depth: layers p.
        shots: measurements, or None for exact probabilities.
        optimizer: how the 2p angles are improved: "L-BFGS-B" (exact gradients), "COBYLA", "Nelder-Mead",
            "Powell" or "SPSA"; None to take the rule's angles as they are.
        max_evaluations: expectations the optimizer may use; each counts as 1,000 samples in comparisons, and
            a value with all exact gradients counts as four.
        compute: "auto", "cpu" or "gpu".
        device: a PennyLane device instead of ``hybrid.aer``; the circuit is then run at any size.
        encoding: how integers and levels become bits, see ``to_qubo``.
        penalty: how constraints enter, see ``to_qubo``. Beside a row that the mixer keeps, ``{label: 0}``
            leaves out others, such as "at least one" of a part: no slack bits, and draws that break them
            count as infeasible.
        postprocess: "descent" runs a single-flip descent from every draw; the method is then called
            "qaoa+descent", and the quantum row still describes the circuit alone.
        max_qubits: refuse models that need more; for mixers other than "x" the limit is 2**24 states of the
            subspace instead.
        mixer: "x", or one that keeps "exactly one" and "exactly k" rows and whole one-hot variables without a
            penalty: "xy-exact", "xy-trotter" or "grover", see `circuits.SubspaceQAOA`.
        angle_rule: where angles come from without training, see `circuits.initial_angles`; "auto" is "ramp"
            where bit strings can break constraints and "regular" elsewhere, which did best in the study.
        objective: what the angles are trained for, see `circuits.objectives`.
        training_shots: measurements per value in training, or None for exact values.
        circuit_qubits: qubits up to which the circuit itself is run.
        variant: "standard"; "multi-angle", an angle for every term and qubit, which start alike; or
            "warm-start", from a continuous relaxation of the QUBO. The last two for the mixer "x".

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
    max_qubits: int = 26
    mixer: str = "x"
    angle_rule: str = "auto"
    objective: Objective = EXPECTATION
    training_shots: int | None = None
    circuit_qubits: int = 20
    variant: str = "standard"

    def __post_init__(self) -> None:
        check_whole("depth", self.depth)
        if self.shots is not None:
            check_whole("shots", self.shots, most=10**8)
        check_choice("optimizer", self.optimizer, (None, *OPTIMIZERS))
        check_whole("max_evaluations", self.max_evaluations)
        check_choice("compute", self.compute, ("auto", "cpu", "gpu"))
        check_choice("postprocess", self.postprocess, (None, "descent"))
        check_whole("max_qubits", self.max_qubits)
        check_whole("circuit_qubits", self.circuit_qubits, least=0)
        check_choice("mixer", self.mixer, MIXERS)
        check_choice("angle_rule", self.angle_rule, ("auto", *ANGLE_RULES))
        check_choice("variant", self.variant, VARIANTS)
        if self.variant != "standard" and self.mixer != "x":
            raise OptionError(f"variant is {self.variant!r}, mixer {self.mixer!r}; it needs mixer='x'")
        if not callable(self.objective):
            raise OptionError(f"objective is {self.objective!r}; it must be one of circuits.objectives")
        if self.training_shots is not None:
            check_whole("training_shots", self.training_shots, least=2, most=10**8)
            if self.optimizer == "L-BFGS-B":
                raise OptionError("training_shots cannot be used with 'L-BFGS-B'; use 'COBYLA' or 'SPSA'")
        check_translation(self.encoding, self.penalty)

    @property
    def name(self) -> str:
        """Name used in tables: with the mixer and the variant where they are not the usual ones."""
        unusual = [self.mixer] * (self.mixer != "x") + [self.variant] * (self.variant != "standard")
        name = f"qaoa ({', '.join(unusual)})" if unusual else "qaoa"
        return name if self.postprocess is None else f"{name}+{self.postprocess}"

    def solve(self, request: Request) -> Outcome:
        """Compile, choose angles, run the circuit, decode.

        Args:
            request: the model, the seed, the time limit.

        Returns:
            The decoded draws and the quantum row; no row for a model that needs no qubit.

        Raises:
            ModelTooLargeError: more bits than ``max_qubits``, too many states, or memory is short.
            OptionError: the device cannot be used.
            MissingDependencyError: Aer is not installed.
        """
        begin = perf_counter()
        target: Target = "penalty" if self.mixer == "x" else "subspace"
        qubo = compile_qubo(request, self.encoding, self.penalty, target=target)
        compile_seconds = perf_counter() - begin
        if self.mixer == "x":
            check_qubits("qaoa", "QAOA(max_qubits=...)", qubo, self.max_qubits)
        if not qubo.n_bits:
            return nothing_to_run(qubo, compile_seconds)
        with circuit_errors(self.compute):
            return self._run(request, qubo, compile_seconds)

    def _run(self, request: Request, qubo: Qubo, compile_seconds: float) -> Outcome:
        own_seed = self.device is not None and not isinstance(self.device, AerDevice)
        built = perf_counter()
        machine = build_machine(
            qubo,
            mixer=self.mixer,
            device=self.device,
            compute=self.compute,
            circuit_qubits=self.circuit_qubits,
            variant=self.variant,
            seed=child_seed(request.seed, "qaoa warm start"),
        )
        noisy = isinstance(self.device, AerDevice) and self.device.noise_model is not None
        most = NOISY_STATES if noisy else EXACT_STATES
        few = machine.space.dimension <= most
        if self.shots is None and not few:
            raise ModelTooLargeError(
                f"exact figures need all {machine.space.dimension:,} probabilities; they are computed up to "
                f"{most:,}{' with a noise model' if noisy else ''}. Give a number of shots"
            )
        allowed = request.time_limit - compile_seconds
        trained = perf_counter()
        training = self._angles(machine, qubo, request, allowed)
        angles = (training.angles.gammas, training.angles.betas)
        sampled = perf_counter()
        bits, probabilities = None, None
        if self.shots is None:
            probabilities = np.asarray(machine.circuit.probabilities(*angles))
        else:
            seed = None if own_seed else child_seed(request.seed, "qaoa")
            bits = np.asarray(machine.circuit.sample(*angles, self.shots, seed=seed))
        done = perf_counter()
        if probabilities is None and few:
            probabilities = np.asarray(machine.circuit.probabilities(*angles))
        difference = None
        if machine.runs_circuit and self.device is None and probabilities is not None:
            difference = machine.difference(*angles, probabilities)
        resources = machine.circuit.resources(self.depth)
        record, likely = record_run(
            qubo,
            bits=bits,
            probabilities=probabilities,
            energies=None if probabilities is None else machine.circuit.energies,
            space=machine.space,
            shots=self.shots,
            evaluations=len(training.angles.history),
            gradients=training.angles.gradients,
            training_samples=None if self.training_shots is None else training.angles.shots,
            simulator=str(machine.circuit.simulator),
            depth=self.depth,
            two_qubit_gates=int(resources["two_qubit_gates"]),
            two_qubit_depth=int(resources["two_qubit_depth"]),
            seconds=done - trained,
            mixer=self.mixer,
            **_named(angles, self.variant),
            engine_difference=difference,
        )
        states, counts, notes = propose(qubo, bits, likely, self.postprocess)
        if training.limited or training.interrupted:
            reason = "ctrl-C" if training.interrupted else "the time limit"
            notes.append(f"{reason} ended the training after {record.evaluations} evaluations")
        if done - built > allowed:
            notes.append(
                f"it took {done - built:.1f} s, more than the time limit: a circuit is not stopped half-way"
            )
        if self.mixer != "x" and not qubo.groups and not qubo.weight_groups:
            notes.append(f"the model has no groups for the mixer {self.mixer!r} to keep; all bits are free")
        repeatable = self.shots is None or not own_seed
        if not repeatable:
            notes.append(f"the samples follow the seed of {record.simulator}, not the one recorded here")
        request.progress(1.0, "done")
        return Outcome(
            states,
            counts,
            draws=self.shots,
            effort={
                "depth": self.depth,
                "shots": self.shots,
                "evaluations": record.evaluations,
                "samples_counted": record.samples_counted,
            },
            timings={
                "compile": compile_seconds,
                "build": trained - built,
                "train": sampled - trained,
                "sample": done - sampled,
                "figures": perf_counter() - done,
            },
            deterministic=repeatable and not (training.limited or training.interrupted),
            interrupted=training.interrupted,
            quantum=record,
            notes=notes,
        )

    def _angles(self, machine: Machine, qubo: Qubo, request: Request, allowed: float) -> Training:
        gammas, betas = machine.start(qubo, self.depth, self.angle_rule)
        if self.optimizer is None:
            return Training(TrainedAngles(gammas, betas))
        return train(
            machine.engine,
            gammas,
            betas,
            optimizer=self.optimizer,
            objective=self.objective,
            max_evaluations=self.max_evaluations,
            shots=self.training_shots,
            seed=child_seed(request.seed, "qaoa training"),
            allowed=allowed,
            progress=request.progress,
        )


def _named(angles: tuple[NDArray[np.float64], NDArray[np.float64]], variant: str) -> dict[str, Any]:
    """The angles as fields of the quantum row: by layer where there are two, else in one list."""
    lists = [tuple(float(angle) for angle in table.ravel()) for table in angles]
    name = "qaoa" if variant == "standard" else f"qaoa, {variant}"
    if angles[0].ndim == 1:
        return {"gammas": lists[0], "betas": lists[1], "ansatz": name}
    return {"gammas": (), "betas": (), "weights": (*lists[0], *lists[1]), "ansatz": name}
