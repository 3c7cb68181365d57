"""The answer of an eigensolver, with its whole history, drawings, and the exact energy on request."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .ground_energies import ground_energy

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from .vqe import VQE
    from .vqe_run import Iteration

__all__ = ["VQEResult"]

_SMALLEST_ERROR = 1e-14  # drawn in place of 0 on a logarithmic axis


@dataclass(frozen=True, eq=False)
class VQEResult:
    """What `VQE.minimize` found.

    Attributes:
        energy: the lowest exact energy met; with shots an estimate from fresh shots at the final weights.
        standard_error: of that estimate; None for exact energies.
        weights: where it was found, shape ``VQE.weight_shape``.
        energies: energy of every evaluation in order, shape (evaluations,).
        iterations: the optimizer's steps.
        evaluations: energies computed, those that came with a gradient included.
        gradients: gradients computed.
        shots_used: measurements in all; 0 for exact energies.
        converged: whether the optimizer's stopping rule ended the run.
        interrupted: whether ctrl-C ended it.
        limited: whether ``time_limit`` ended it.
        reason: what ended it, in words.
        optimizer: name of the optimizer.
        ansatz: name of the ansatz.
        simulator: what ran the circuits, such as "Aer statevector (CPU)".
        seed: of weights, directions and shots.
        seconds: wall time of the run; after resuming, of its last part.
        notes: sentences for the user.
    """

    energy: float
    standard_error: float | None
    weights: NDArray[np.float64]
    energies: NDArray[np.float64]
    iterations: tuple[Iteration, ...]
    evaluations: int
    gradients: int
    shots_used: int
    converged: bool
    interrupted: bool
    limited: bool
    reason: str
    optimizer: str
    ansatz: str
    simulator: str
    seed: int
    seconds: float
    notes: tuple[str, ...]
    _vqe: VQE = field(repr=False)

    def __repr__(self) -> str:
        error = "" if self.standard_error is None else f" ± {self.standard_error:.2g}"
        return (
            f"VQEResult(energy={self.energy:.10g}{error}, {self.ansatz}, {self.optimizer}, "
            f"evaluations={self.evaluations}, converged={self.converged})"
        )

    @cached_property
    def _exact(self) -> float:
        vqe = self._vqe
        return ground_energy(vqe.hamiltonian, electrons=vqe.electrons)

    def exact(self) -> float:
        """The exact ground energy, by sparse diagonalization; computed once.

        Returns:
            The lowest eigenvalue, with the number of electrons where the ansatz keeps one.

        Raises:
            CircuitTooLargeError: more than 16 qubits.
        """
        return self._exact

    def error(self) -> float:
        """Energy minus exact ground energy; not below 0 but for rounding, noise and shots.

        Raises:
            CircuitTooLargeError: more than 16 qubits.
        """
        return self.energy - self.exact()

    def state(self) -> NDArray[np.complex128]:
        """The trial state.

        Returns:
            Amplitudes, shape (2**N,), qubit 0 the most significant bit.

        Raises:
            CircuitError: the device holds no pure state.
        """
        return self._vqe.state(self.weights)

    def probabilities(self) -> NDArray[np.float64]:
        """Chance of every bit string in the trial state, shape (2**N,), qubit 0 the most significant bit."""
        return np.asarray(np.abs(self.state()) ** 2)

    def sample(self, shots: int, seed: int | None = None) -> NDArray[np.uint8]:
        """Bit strings measured in the trial state; see `TrialState.sample`."""
        return self._vqe.sample(self.weights, shots, seed)

    def expectation(self, observable: Any) -> float:
        """Exact expectation value in the trial state.

        Args:
            observable: as the Hamiltonian: a PennyLane operator on its wires.

        Returns:
            The value.

        Raises:
            CircuitError: an observable that cannot be read or acts on other wires.
        """
        return self._vqe.expectation(observable, self.weights)

    def table(self) -> pandas.DataFrame:
        """The optimizer's steps.

        Returns:
            Columns iteration, evaluations, energy, standard_error, gradient_norm (NaN where there is none).
        """
        import pandas

        rows = pandas.DataFrame([asdict(step) for step in self.iterations])
        if rows.empty:
            rows = pandas.DataFrame(columns=["evaluations", "energy", "standard_error", "gradient_norm"])
        rows["gradient_norm"] = rows["gradient_norm"].astype(float)
        rows.insert(0, "iteration", np.arange(1, len(rows) + 1))
        return rows

    def plot(self, *, exact: bool | None = None) -> Figure:
        """Draw the energy over the evaluations, and its distance from the exact ground energy.

        Args:
            exact: whether the exact energy is computed and drawn; None for up to 12 qubits.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.

        Raises:
            CircuitTooLargeError: exact=True with more than 16 qubits.
        """
        from matplotlib.figure import Figure

        with_exact = self._vqe.n_qubits <= 12 if exact is None else exact
        figure = Figure(figsize=(9.0 if with_exact else 5.4, 3.6), layout="constrained")
        axes = figure.subplots(1, 2 if with_exact else 1, squeeze=False)[0]
        left = axes[0]
        counts = np.arange(1, len(self.energies) + 1)
        steps = np.array([(step.evaluations, step.energy, step.standard_error) for step in self.iterations])
        steps = steps.reshape(-1, 3)
        # Long steps of a line search may end far above; they would press everything else flat.
        top = max([float(self.energies[0]), *steps[:, 1].tolist()])
        low = min(float(self.energies.min()), self.exact()) if with_exact else float(self.energies.min())
        margin = 0.08 * (top - low) or 1.0
        top, low = top + margin, low - margin
        above = int((self.energies > top).sum())
        label = "evaluations" + (f" ({above} above)" if above else "")
        left.plot(counts, self.energies, ".", color="#b9c9d9", markersize=4, label=label)
        if len(steps):
            left.plot(steps[:, 0], steps[:, 1], color="#2b6ca3", linewidth=1.4, label=self.optimizer)
            if steps[:, 2].any():
                below, beyond = steps[:, 1] - steps[:, 2], steps[:, 1] + steps[:, 2]
                left.fill_between(steps[:, 0], below, beyond, color="#2b6ca3", alpha=0.2, linewidth=0)
        left.set_xlabel("energy evaluations")
        left.set_ylabel("energy")
        error = "" if self.standard_error is None else f" ± {self.standard_error:.1g}"
        left.set_title(f"{self.ansatz}: {self.energy:.6g}{error}", fontsize=10)
        if with_exact:
            left.axhline(self.exact(), color="#b03a2e", linestyle="--", linewidth=1.2, label="exact")
            self._draw_distance(axes[1], steps)
        left.set_ylim(low, top)
        left.legend(frameon=False)
        return figure

    def _draw_distance(self, axes: Any, steps: NDArray[np.float64]) -> None:
        if len(steps):
            distance = np.maximum(np.abs(steps[:, 1] - self.exact()), _SMALLEST_ERROR)
            axes.semilogy(steps[:, 0], distance, color="#2b6ca3", linewidth=1.4, label=self.optimizer)
        final = max(abs(self.error()), _SMALLEST_ERROR)
        axes.axhline(final, color="#444444", linestyle=":", linewidth=1.2, label="answer")
        axes.set_yscale("log")
        axes.set_xlabel("energy evaluations")
        axes.set_ylabel("distance from the exact energy")
        axes.set_title(f"answer: {self.error():+.2g} from exact", fontsize=10)
        axes.legend(frameon=False)

    def draw(self, *, weights: bool = True, decimals: int = 2) -> str:
        """The circuit as text.

        Args:
            weights: whether the weights found are shown as numbers, or their names.
            decimals: of numbers.

        Returns:
            Lines, one per qubit.
        """
        return self._vqe.draw(self.weights if weights else None, decimals=decimals)

    def resources(self) -> dict[str, Any]:
        """What the circuit costs; see `VQE.resources`."""
        return self._vqe.resources()

    def to_dict(self) -> dict[str, Any]:
        """Everything as numbers, strings and lists.

        Returns:
            A dictionary that ``json.dumps`` takes.
        """
        return {
            "energy": self.energy,
            "standard_error": self.standard_error,
            "weights": self.weights.tolist(),
            "energies": self.energies.tolist(),
            "iterations": [asdict(step) for step in self.iterations],
            "evaluations": self.evaluations,
            "gradients": self.gradients,
            "shots_used": self.shots_used,
            "converged": self.converged,
            "interrupted": self.interrupted,
            "limited": self.limited,
            "reason": self.reason,
            "optimizer": self.optimizer,
            "ansatz": self.ansatz,
            "n_qubits": self._vqe.n_qubits,
            "simulator": self.simulator,
            "seed": self.seed,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """The same as text.

        Args:
            path: also write it there.

        Returns:
            JSON.
        """
        text = json.dumps(self.to_dict(), allow_nan=False)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text
