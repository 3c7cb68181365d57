"""A minimization on disk: written whole between steps, so that it can go on after any interruption.

The file holds the weights where the optimizer stands, the best ones, the whole history, the number of shots
and of draws, and the optimizer's own state as far as it can be kept: Adam and SPSA continue exactly, L-BFGS-B
with an empty memory, COBYLA and Nelder-Mead with new first steps from the best point.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import CircuitError
from .vqe_run import Iteration

if TYPE_CHECKING:
    from .variational import VariationalCircuit
    from .vqe_run import Run

__all__ = ["check_place", "circuit_digest", "read_checkpoint", "restore", "snapshot", "write_checkpoint"]

_FORMAT = "hybrid_opt VQE checkpoint 1"


def circuit_digest(circuit: VariationalCircuit) -> str:
    """A short text that differs between circuits that differ, whatever their names are.

    Args:
        circuit: without inputs.

    Returns:
        The same for the same gates whose angles depend on the weights in the same way.
    """
    gates = [
        (gate.kind, gate.targets, gate.controls, gate.slot, _rounded(gate.matrix))
        for gate in circuit.program.gates
    ]
    # Angles are affine in the weights, so their values at 0 and at the unit vectors tell how.
    size = circuit.n_weights
    rows = np.eye(size + 1, size, k=-1).reshape(size + 1, *circuit.weight_shape)
    table = circuit.table(np.zeros((size + 1, 0)), rows)
    return blake2b(repr(gates).encode() + _rounded(table), digest_size=12).hexdigest()


def _rounded(array: Any) -> bytes:
    # Adding 0 makes -0 a 0.
    return b"" if array is None else (np.round(array, 9) + 0.0).tobytes()


def snapshot(run: Run, question: dict[str, Any]) -> dict[str, Any]:
    """All that is needed to go on.

    Args:
        run: between two steps, or ended.
        question: what is minimized and how; must be the same when it goes on.

    Returns:
        What `write_checkpoint` takes. The run may go on; the snapshot does not change with it.
    """
    return {
        "format": _FORMAT,
        "question": question,
        "weights": run.weights.tolist(),
        "best_weights": run.best_weights.tolist(),
        "best_energy": run.best_energy,
        "energies": list(run.energies),
        "iterations": list(run.iterations),
        "evaluations": run.evaluations,
        "gradients": run.gradients,
        "shots_used": run.function.shots_used,
        "draws": run.function.draws,
        "state": run.state,
        "converged": run.converged,
        "reason": run.reason,
        "notes": list(run.notes),
    }


def restore(run: Run, saved: dict[str, Any]) -> None:
    """Put a run back to where a snapshot was taken.

    Args:
        run: a new one.
        saved: from `read_checkpoint`.
    """
    run.weights = np.array(saved["weights"])
    run.best_weights = np.array(saved["best_weights"])
    run.best_energy = float(saved["best_energy"])
    run.energies = list(saved["energies"])
    run.iterations = [Iteration(**iteration) for iteration in saved["iterations"]]
    run.evaluations = int(saved["evaluations"])
    run.gradients = int(saved["gradients"])
    run.function.shots_used = int(saved["shots_used"])
    run.function.draws = int(saved["draws"])
    run.state = dict(saved["state"])
    run.converged = bool(saved["converged"])
    run.reason = str(saved["reason"])
    run.notes = list(saved["notes"])


def check_place(path: str | os.PathLike[str]) -> Path:
    """Where the file will be.

    Args:
        path: of the file.

    Returns:
        The same.

    Raises:
        CircuitError: no path, a folder that does not exist, or something there that is no file.

    Example:
        >>> check_place("run.json").name
        'run.json'
    """
    if not isinstance(path, (str, os.PathLike)):
        raise CircuitError(f"checkpoint is {path!r}; it must be the path of a file, or None")
    place = Path(path)
    if not place.absolute().parent.is_dir():
        raise CircuitError(f"checkpoint is {str(path)!r}, but the folder {place.parent} does not exist")
    if place.exists() and not place.is_file():
        raise CircuitError(f"checkpoint is {str(path)!r}, which exists and is no file")
    return place


def write_checkpoint(path: Path, saved: dict[str, Any]) -> None:
    """Write a snapshot so that the file is at any time either the old one or the new one, whole.

    Args:
        path: of the file.
        saved: from `snapshot`.

    Raises:
        OSError: the system refuses, for example because the disk is full.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with open(draft, "x", encoding="utf-8") as file:
            iterations = [asdict(iteration) for iteration in saved["iterations"]]
            json.dump({**saved, "iterations": iterations}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def read_checkpoint(path: Path, question: dict[str, Any]) -> dict[str, Any] | None:
    """Read a snapshot.

    Args:
        path: of the file.
        question: what is minimized now.

    Returns:
        The snapshot, or None if there is no file.

    Raises:
        CircuitError: the file is no checkpoint, or one of another question.
    """
    if not path.exists():
        return None
    try:
        saved: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        form = saved.get("format")
    except (ValueError, AttributeError) as error:
        raise CircuitError(f"{path} is no checkpoint of a VQE: {error}; give another file name") from error
    if form != _FORMAT:
        raise CircuitError(f"{path} is no checkpoint of a VQE in a form known here; give another file name")
    for name, value in question.items():
        if saved["question"].get(name) != value:
            raise CircuitError(
                f"{path} is the checkpoint of another run: its {name} is {saved['question'].get(name)!r}, "
                f"here it is {value!r}. Give another file name, or delete the file to start anew"
            )
    return saved
