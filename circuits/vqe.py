"""The variational quantum eigensolver: the lowest energy that a parametrized circuit reaches.

A. Peruzzo et al., "A variational eigenvalue solver on a quantum processor", arXiv 1304.3061; J. Tilly et al.,
"The Variational Quantum Eigensolver: a review of methods and best practices", arXiv 2111.05176.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import whole_number
from .errors import CircuitError
from .random_states import resolve_seed
from .trial_state import TrialState
from .vqe_ansatz import start_weights
from .vqe_checkpoint import (
    check_place,
    circuit_digest,
    read_checkpoint,
    restore,
    snapshot,
    write_checkpoint,
)
from .vqe_energy import EnergyFunction
from .vqe_optimizers import OPTIMIZERS, Settings, optimize, standing
from .vqe_result import VQEResult
from .vqe_run import EnoughError, Run
from .vqe_runners import DeviceRunner

__all__ = ["VQE"]

_FINAL_SHOTS = 10  # times the shots of an evaluation, for the energy that is reported


class VQE(TrialState):
    """Minimizes the energy of a Hamiltonian over the weights of a circuit.

    Args:
        hamiltonian: any Hermitian PennyLane operator, or a BINARY or SPIN ``dimod`` model.
        ansatz: "hardware_efficient", "strongly_entangling", "brick_wall", "basic_entangler", "separable";
            "all_singles_doubles" or "uccsd" (with ``electrons``); "hamiltonian_variational" or "hva", layers
            made of the Hamiltonian's own terms; an `Ansatz` object; or a function ``f(weights, wires)`` that
            makes PennyLane operations whose angles are affine in the weights (with ``weight_shape``).
        n_layers: number of layers; None for 1 with excitations, half the qubits with
            "hamiltonian_variational", else 2.
        weight_shape: shape of a function's weights.
        electrons: number of electrons for excitations and "hartree_fock"; the exact energy of the result is
            then that of as many electrons.
        initial_state: bits, one per qubit, "plus" (Hadamards on all), "hartree_fock", or None: |0...0>, for
            excitations the electrons' own state, for "hamiltonian_variational" the ground state of a group
            of terms, for a model of bits "plus".
        initial_weights: shape `weight_shape`; None for those of the ansatz: all 0 for excitations, a short
            annealing for "hamiltonian_variational", small normal numbers by seed for the others.
        optimizer: "L-BFGS-B", "Adam", "SPSA", "COBYLA" or "Nelder-Mead"; None for L-BFGS-B with exact
            energies, SPSA with shots.
        shots: measurements per circuit and group of qubit-wise commuting terms; None for exact energies.
        wires: order of the Hamiltonian's wires, see `read_hamiltonian`.
        simulator: "aer", "native", or a simulator opened before.
        compute: "auto", "cpu" or "gpu".
        precision: "double" or "single", of Aer.
        threads: most CPU threads; None for all.
        noise_model: a ``qiskit_aer.noise.NoiseModel``; energies are then those of the noisy circuit.
        device: a PennyLane device instead of a simulator; its shots follow its own seed.
        seed: of weights, random directions and shots; None for a fresh one.

    Attributes:
        hamiltonian: what is minimized, as a `PauliHamiltonian`.
        circuit: the trial circuit, a `VariationalCircuit` without inputs.
        optimizer: name of the optimizer.
        shots: as given.
        electrons: number of electrons that the ansatz keeps, or None.
        seed: in use.

    Raises:
        CircuitError: an illegal argument or combination of arguments.
        CircuitTooLargeError: it does not fit into free memory.
        DeviceUnavailableError: the simulator cannot be used.

    Example:
        >>> import pennylane as qml
        >>> pair = qml.Z(0) @ qml.Z(1) + 0.5 * qml.X(0) + 0.5 * qml.X(1)
        >>> result = VQE(pair, "hva", simulator="native").minimize()
        >>> round(result.energy, 6), round(result.exact(), 6), result.converged
        (-1.414214, -1.414214, True)
    """

    def __init__(
        self,
        hamiltonian: Any,
        ansatz: Any = "hardware_efficient",
        *,
        n_layers: int | None = None,
        weight_shape: Sequence[int] | None = None,
        electrons: int | None = None,
        initial_state: Any = None,
        initial_weights: ArrayLike | None = None,
        optimizer: str | None = None,
        shots: int | None = None,
        wires: Iterable[Hashable] | None = None,
        simulator: Any = "aer",
        compute: str = "auto",
        precision: str = "double",
        threads: int | None = None,
        noise_model: Any = None,
        device: Any = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(
            hamiltonian,
            ansatz,
            n_layers=n_layers,
            weight_shape=weight_shape,
            electrons=electrons,
            initial_state=initial_state,
            wires=wires,
            simulator=simulator,
            compute=compute,
            precision=precision,
            threads=threads,
            noise_model=noise_model,
            device=device,
        )
        self.shots = None if shots is None else whole_number("shots", shots, 1)
        self.optimizer = optimizer or ("L-BFGS-B" if shots is None else "SPSA")
        if self.optimizer not in OPTIMIZERS:
            raise CircuitError(
                f"optimizer is {optimizer!r}; it must be one of {', '.join(map(repr, OPTIMIZERS))}, or None"
            )
        if self.optimizer == "L-BFGS-B" and self.shots is not None:
            raise CircuitError(
                "L-BFGS-B takes differences of gradients, which are noise with shots; use 'SPSA', 'Adam' or "
                "'COBYLA', or leave shots out"
            )
        self.seed = resolve_seed(seed)
        self._own_seed = isinstance(self._runner, DeviceRunner)
        self._start = (
            start_weights(self.circuit, self.seed).reshape(-1)
            if initial_weights is None
            else self._flat(initial_weights, "initial_weights")
        )

    @property
    def start(self) -> NDArray[np.float64]:
        """Weights that a minimization starts from, shape `weight_shape`; a copy."""
        return self._start.reshape(self.weight_shape).copy()

    def minimize(
        self,
        *,
        max_evaluations: int = 2000,
        tolerance: float = 1e-12,
        gradient_tolerance: float = 1e-7,
        learning_rate: float = 0.05,
        final_shots: int | None = None,
        time_limit: float | None = None,
        progress: Callable[[float, str], None] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: float = 1.0,
    ) -> VQEResult:
        """Find the weights of the lowest energy.

        Exact energies: L-BFGS-B stops when no entry of the gradient is above ``gradient_tolerance``, or when
        starting again with an empty memory lowers the energy by no more than ``tolerance``; Adam on the same
        gradient, or after 50 steps without progress; COBYLA and Nelder-Mead when their steps are about
        sqrt(tolerance) long; SPSA as with shots. With shots: Adam (SPSA) stops when the mean energy of the
        last 20 (50) steps is below that of the 20 (50) before by no more than its standard error; COBYLA and
        Nelder-Mead when their steps are below the noise. Their energies along the way carry shot noise, so
        the reported one is estimated anew.

        Ctrl-C ends it with what was found. With a checkpoint the run is written between steps and goes on
        from there when called again with the same file: Adam and SPSA exactly, L-BFGS-B with an empty memory,
        COBYLA and Nelder-Mead with new first steps from the best point. History and counts are kept.

        Args:
            max_evaluations: energies to compute at most, those before resuming included. One that comes with
                a gradient counts as one. SPSA with exact energies computes one more, that of its answer.
            tolerance: of the energy, in units of the norm sqrt(sum of squares) of the coefficients.
            gradient_tolerance: of the largest entry of the gradient, in the same units per radian.
            learning_rate: of Adam, in radians.
            final_shots: shots per group of terms for the reported energy; None for 10 times ``shots``.
            time_limit: seconds after which no further energy is computed; None for no limit.
            progress: called with the share of the evaluations done and a few words.
            checkpoint: a file to write to and to resume from.
            checkpoint_every: seconds between two writes; 0 writes after every step. The end, and ctrl-C, are
                always written.

        Returns:
            The result.

        Raises:
            CircuitError: an illegal argument, or a checkpoint of another question.
            AerRunError: Aer failed.

        Example:
            >>> import pennylane as qml
            >>> vqe = VQE(qml.Z(0) + qml.X(0), "brick_wall", n_layers=1, simulator="native", seed=1)
            >>> result = vqe.minimize()
            >>> round(result.energy, 6), result.evaluations < 20
            (-1.414214, True)
        """
        begun = perf_counter()
        settings = Settings(
            self.optimizer,
            _positive("tolerance", tolerance),
            _positive("gradient_tolerance", gradient_tolerance),
            _positive("learning_rate", learning_rate),
            self.seed,
        )
        allowed = whole_number("max_evaluations", max_evaluations, 1)
        if checkpoint_every != 0:
            _positive("checkpoint_every", checkpoint_every)
        if progress is not None and not callable(progress):
            raise CircuitError(f"progress is {progress!r}; it must be a function of (share, text) or None")
        final = None if final_shots is None else whole_number("final_shots", final_shots, 1)
        if final is None and self.shots is not None:
            final = _FINAL_SHOTS * self.shots
        place = None if checkpoint is None else check_place(checkpoint)
        question = {} if place is None else self._question(settings)
        saved: dict[str, Any] | None = None
        written = perf_counter()

        def step_done(run: Run) -> None:
            nonlocal saved, written
            if place is not None:
                saved = snapshot(run, question)
                if perf_counter() - written >= checkpoint_every:
                    write_checkpoint(place, saved)
                    written = perf_counter()
            if progress is not None:
                words = f"energy {run.iterations[-1].energy:.6g}, {run.evaluations} evaluations"
                progress(min(run.evaluations / allowed, 1.0), words)

        function = EnergyFunction(
            self.circuit, self.hamiltonian, self._runner, shots=self.shots, seed=self.seed
        )
        limit = np.inf if time_limit is None else _positive("time_limit", time_limit)
        run = Run(function, self._start, allowed, begun + limit, self._scale, step_done)
        if self.shots is not None and self._own_seed:
            run.notes.append(f"the shots follow the seed of {self.simulator}, not the one recorded here")
        interrupted = False
        if place is not None:
            found = read_checkpoint(place, question)
            if found is not None:
                restore(run, found)
        answer, finished_before = standing(run), run.converged
        try:
            if finished_before:
                run.notes.append("the checkpoint holds a finished run, so nothing was computed")
            else:
                answer = optimize(run, settings)
        except EnoughError:
            used = "time_limit" if run.late else f"max_evaluations ({allowed})"
            run.finish(f"{used} was used up", converged=False)
            answer = standing(run)
        except KeyboardInterrupt:
            run.finish("ctrl-C", converged=False)
            interrupted, answer = True, standing(run)
        if place is not None and not finished_before:
            # Only a run that is over may be saved as it stands: another one is within a step.
            saved = snapshot(run, question) if run.converged else saved
            if saved is not None:
                write_checkpoint(place, saved)
        energy, error, weights = self._final(run, answer, final)
        return VQEResult(
            energy=energy,
            standard_error=error,
            weights=weights.reshape(self.weight_shape),
            energies=np.array(run.energies),
            iterations=tuple(run.iterations),
            evaluations=run.evaluations,
            gradients=run.gradients,
            shots_used=function.shots_used,
            converged=run.converged,
            interrupted=interrupted,
            limited=run.late,
            reason=run.reason,
            optimizer=self.optimizer,
            ansatz=self.ansatz,
            simulator=self.simulator,
            seed=self.seed,
            seconds=perf_counter() - begun,
            notes=tuple(run.notes),
            _vqe=self,
        )

    @property
    def _scale(self) -> float:
        largest = float(np.abs(self.hamiltonian.coefficients).max(initial=0.0)) or 1.0
        return largest * float(np.linalg.norm(self.hamiltonian.coefficients / largest)) or 1.0

    def _question(self, settings: Settings) -> dict[str, Any]:
        """What a checkpoint must agree with."""
        return {
            "hamiltonian": self.hamiltonian.digest(),
            "ansatz": self.ansatz,
            "circuit": circuit_digest(self.circuit),
            "noise": self._runner.noise,
            "weight_shape": list(self.weight_shape),
            "start": self._start.tolist(),
            "optimizer": self.optimizer,
            "learning_rate": settings.learning_rate,
            "shots": self.shots,
            "seed": self.seed,
        }

    def _final(
        self, run: Run, answer: NDArray[np.float64], shots: int | None
    ) -> tuple[float, float | None, NDArray[np.float64]]:
        """The energy to report, its standard error, and the weights it belongs to."""
        if shots is not None and self.shots is not None:
            energy, error = run.function.estimate(answer, shots)
            return energy, error, answer
        if run.energies and np.array_equal(answer, run.best_weights):
            return run.best_energy, None, answer
        # Where the optimizer answers with a point it never evaluated, that point is one more evaluation.
        energy = float(run.function.energies(answer[None])[0][0])
        run.evaluations += 1
        run.energies.append(energy)
        if energy <= run.best_energy:
            return energy, None, answer
        return run.best_energy, None, run.best_weights


def _positive(name: str, value: Any) -> float:
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not (number and 0 < value < np.inf):
        raise CircuitError(f"{name} is {value!r}; it must be a number greater than 0")
    return float(value)
