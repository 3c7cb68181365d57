"""VQE on the QUBO of a model: a trained circuit whose draws are decoded and judged like any other.

A. Peruzzo et al., arXiv 1304.3061, with a Hamiltonian of Z alone. Its ground state is a bit string, which
needs no entanglement; what training costs and how often it ends in another bit string is what the quantum row
shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..circuits import vqe as eigensolver
from ..circuits.aer_device import AerDevice
from ..circuits.ising import energy_vector
from ..circuits.vqe_optimizers import OPTIMIZERS
from ..errors import OptionError
from ..seeds import child_seed
from .base import Outcome, Request
from .draws import compile_qubo
from .quantum_run import check_qubits, circuit_errors, nothing_to_run, propose, record_run
from .settings import check_choice, check_translation, check_whole

if TYPE_CHECKING:
    from ..circuits.vqe_result import VQEResult
    from ..qubo import Qubo

__all__ = ["VQE"]

SHARE = 0.8  # of the time allowed that training may take; the rest is for sampling


@dataclass(frozen=True)
class VQE:
    """The variational quantum eigensolver.

    The weights of a circuit are trained on the mean QUBO energy, exact or from ``training_shots``. Then, as
    with QAOA, ``shots`` measurements are the proposals, or with ``shots=None`` the most probable feasible
    assignment is the one proposal. The figures of the quantum row come from exact probabilities.

    Args:
        depth: layers of the ansatz.
        shots: final measurements, or None for exact probabilities.
        ansatz: "hardware_efficient", "brick_wall", "strongly_entangling", "separable" (no entanglement: the
            control), or an object, see ``circuits.ansatz``.
        optimizer: "L-BFGS-B", "Adam", "SPSA", "COBYLA" or "Nelder-Mead"; None for L-BFGS-B, with
            ``training_shots`` SPSA.
        max_evaluations: energies that training may compute. Each counts as 1,000 samples in comparisons, one
            that comes with an exact gradient (L-BFGS-B, Adam) as 4,000.
        training_shots: measurements per energy in training; None for exact energies. They count as they are.
        restarts: trainings from different random weights; the one of the lowest energy is used, all count.
        compute: "auto", "cpu" or "gpu".
        device: a PennyLane device instead of Aer.
        encoding: how integers and levels become bits, see ``to_qubo``.
        penalty: how constraints enter, see ``to_qubo``.
        postprocess: "descent" runs a single-flip descent from every draw; the method is then called
            "vqe+descent", and the quantum row still describes the circuit alone.
        max_qubits: refuse models that need more.

    Raises:
        OptionError: an illegal setting.

    Example:
        >>> VQE(depth=0)
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: depth is 0; it must be a whole number of at least 1
    """

    depth: int = 2
    shots: int | None = 1000
    ansatz: Any = "hardware_efficient"
    optimizer: str | None = None
    max_evaluations: int = 200
    training_shots: int | None = None
    restarts: int = 3
    compute: str = "auto"
    device: Any = None
    encoding: str | Mapping[Any, str] = "auto"
    penalty: str | float | Mapping[Any, float] = "certified"
    postprocess: str | None = None
    max_qubits: int = 18

    def __post_init__(self) -> None:
        check_whole("depth", self.depth)
        for name in ("shots", "training_shots"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), most=10**8)
        check_choice("optimizer", self.optimizer, (None, *OPTIMIZERS))
        if self.optimizer == "L-BFGS-B" and self.training_shots is not None:
            raise OptionError(
                "optimizer is 'L-BFGS-B', which needs exact energies; use 'SPSA', 'Adam' or 'COBYLA', or "
                "leave training_shots out"
            )
        check_whole("max_evaluations", self.max_evaluations)
        check_whole("restarts", self.restarts)
        check_choice("compute", self.compute, ("auto", "cpu", "gpu"))
        if self.device is not None and self.compute == "gpu":
            raise OptionError("compute is 'gpu', but a device decides where it runs; leave compute out")
        check_choice("postprocess", self.postprocess, (None, "descent"))
        check_whole("max_qubits", self.max_qubits)
        check_translation(self.encoding, self.penalty)

    @property
    def name(self) -> str:
        """Name used in tables."""
        return "vqe" if self.postprocess is None else f"vqe+{self.postprocess}"

    def solve(self, request: Request) -> Outcome:
        """Compile, train, measure, decode.

        Args:
            request: the model, the seed, the time limit.

        Returns:
            The decoded draws and the quantum row; no row for a model that needs no qubit.

        Raises:
            ModelTooLargeError: the QUBO has more bits than ``max_qubits``, or memory is short.
            OptionError: the ansatz or the device cannot be used.
            MissingDependencyError: Aer is not installed.
        """
        begin = perf_counter()
        qubo = compile_qubo(request, self.encoding, self.penalty)
        compile_seconds = perf_counter() - begin
        check_qubits("vqe", "VQE(max_qubits=...)", qubo, self.max_qubits)
        if not qubo.n_bits:
            return nothing_to_run(qubo, compile_seconds)
        with circuit_errors(self.compute):
            return self._run(request, qubo, compile_seconds)

    def _eigensolver(self, request: Request, qubo: Qubo, number: int) -> eigensolver.VQE:
        settings: dict[str, Any] = {} if self.device is not None else {"compute": self.compute}
        return eigensolver.VQE(
            qubo.bqm,
            self.ansatz,
            n_layers=self.depth,
            optimizer=self.optimizer,
            shots=self.training_shots,
            device=self.device,
            seed=child_seed(request.seed, f"vqe {number}"),
            **settings,
        )

    def _run(self, request: Request, qubo: Qubo, compile_seconds: float) -> Outcome:
        begun, allowed = perf_counter(), request.time_limit - compile_seconds
        trials = [self._eigensolver(request, qubo, number) for number in range(self.restarts)]
        trained = perf_counter()
        results = self._train(request, trials, begun + SHARE * allowed)
        best = min(results, key=lambda result: result.energy)
        sampled = perf_counter()
        trial = trials[results.index(best)]
        probabilities = best.probabilities()
        bits = None
        if self.shots is not None:
            bits = best.sample(self.shots, child_seed(request.seed, "vqe"))
        done = perf_counter()
        evaluations = sum(result.evaluations for result in results)
        resources = trial.resources()
        record, likely = record_run(
            qubo,
            bits=bits,
            probabilities=probabilities,
            energies=energy_vector(qubo.bqm),
            shots=self.shots,
            evaluations=evaluations,
            gradients=sum(result.gradients for result in results),
            training_samples=None
            if self.training_shots is None
            else sum(result.shots_used for result in results),
            simulator=trial.simulator,
            depth=self.depth,
            two_qubit_gates=int(resources["two_qubit_gates"]),
            two_qubit_depth=int(resources["two_qubit_depth"]),
            gammas=(),
            betas=(),
            ansatz=trial.ansatz,
            weights=tuple(float(weight) for weight in best.weights.reshape(-1)),
            seconds=done - trained,
        )
        states, counts, notes = propose(qubo, bits, likely, self.postprocess)
        notes += [note for note in best.notes if "follow the seed" not in note]
        limited, interrupted = results[-1].limited, results[-1].interrupted
        if limited or interrupted:
            reason = "the time limit" if limited else "ctrl-C"
            notes.append(f"{reason} ended the training after {evaluations} evaluations")
        own_seed = self.device is not None and not isinstance(self.device, AerDevice)
        own_seed = own_seed and not (self.shots is None and self.training_shots is None)
        if own_seed:
            notes.append(f"the samples follow the seed of {trial.simulator}, not the one recorded here")
        request.progress(1.0, "done")
        return Outcome(
            states,
            counts,
            draws=self.shots,
            effort={
                "depth": self.depth,
                "shots": self.shots,
                "evaluations": evaluations,
                "gradients": record.gradients,
                "samples_counted": record.samples_counted,
            },
            timings={
                "compile": compile_seconds,
                "build": trained - begun,
                "train": sampled - trained,
                "sample": done - sampled,
                "figures": perf_counter() - done,
            },
            deterministic=not (limited or interrupted or own_seed),
            interrupted=interrupted,
            quantum=record,
            notes=notes,
        )

    def _train(self, request: Request, trials: list[eigensolver.VQE], until: float) -> list[VQEResult]:
        """One result per training begun."""
        results: list[VQEResult] = []

        def report(share: float, text: str) -> None:
            request.progress((len(results) + share) / len(trials), text)

        for trial in trials:
            left = max(until - perf_counter(), 1e-9)
            results.append(
                trial.minimize(max_evaluations=self.max_evaluations, time_limit=left, progress=report)
            )
            if results[-1].limited or results[-1].interrupted:
                break
        return results
