"""Kernel matrices in blocks over the workers: every sample is simulated once, pairs of blocks are multiplied.

Shapes: n and m samples, D numbers that a kernel needs of each (2**N amplitudes, or 3 N Bloch components).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from ..progress import Progress, silent
from ..solvers.settings import check_whole
from .batches import CHUNK, refuse_stream
from .chunks import call_each, chunks_of
from .cluster import check_cluster
from .shipping import pack

if TYPE_CHECKING:
    from .cluster import Cluster

__all__ = ["gram_matrix"]

_BLOCK_AMPLITUDES = 2**23  # of states of one block: 128 MiB


def gram_matrix(
    kernel: Any,
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    cluster: Cluster | None = None,
    block: int | None = None,
    progress: Progress = silent,
) -> NDArray[np.float64]:
    """The matrix of a ``FidelityKernel`` or ``ProjectedKernel``, computed by workers.

    With the same ``block`` the result has the same bits for any number of workers and without any; it agrees
    with ``kernel(X, Y)``, which adds in another order, to about 1e-15.

    Args:
        kernel: exact, or with noise; not with shots.
        X: features, shape (n, n_inputs).
        Y: features, shape (m, n_inputs); None for X.
        cluster: of `connect`; None computes in this process.
        block: samples of a block; None for 64, or as many as have states of 128 MiB together.
        progress: called with the share done.

    Returns:
        Shape (n, m), with the corrections of the kernel.

    Raises:
        OptionError: no such kernel, one with shots, an illegal block.
        CircuitError: a wrong shape, or features that cannot be encoded.
        ClusterError: the workers or the scheduler are gone.

    Example:
        >>> from hybrid_opt.circuits import FidelityKernel
        >>> kernel = FidelityKernel(2, encoding="angle", compute="cpu")
        >>> gram_matrix(kernel, [[0.0, 0.0], [1.0, 2.0]]).round(6).tolist()
        [[1.0, 0.224828], [0.224828, 1.0]]
    """
    # Scripts are imported by every local worker; what they import should not bring all of PennyLane.
    from ..circuits.kernel_corrections import repair_psd
    from ..circuits.kernel_states import CircuitKernel

    if not isinstance(kernel, CircuitKernel):
        raise OptionError(f"kernel is {kernel!r}; give a FidelityKernel or a ProjectedKernel")
    check_cluster(cluster, "submit", "results")
    refuse_stream(kernel, None, "or call the kernel itself, which draws them in order")
    if "depolarizing" in kernel.correction:
        raise OptionError(
            'the correction "depolarizing" measures the diagonal of the whole matrix; call the kernel itself'
        )
    size = _block_size(block, kernel.n_qubits)
    plain = copy(kernel)
    plain.correction = ()
    # Checks shape and features of all samples before anything is sent.
    rows = np.asarray(kernel._samples(X, "X"))
    columns = None if Y is None or Y is X else np.asarray(kernel._samples(Y, "Y"))
    gram = np.empty((len(rows), len(rows if columns is None else columns)))
    if not gram.size:
        return gram
    run = _Blocks(plain, rows, columns, size, cluster)
    for done, (part, other, entries) in enumerate(run, start=1):
        gram[part, other] = entries
        if columns is None and part != other:
            gram[other, part] = entries.T
        progress(done / len(run.pairs), f"{done} of {len(run.pairs)} blocks")
    if columns is None:
        for name in kernel.correction:
            gram = repair_psd(gram, name)
    return gram


class _Blocks:
    """Blocks of a matrix, as they are done."""

    def __init__(
        self,
        kernel: Any,
        rows: NDArray[np.float64],
        columns: NDArray[np.float64] | None,
        size: int,
        cluster: Cluster | None,
    ) -> None:
        self.kernel, self.cluster = kernel, cluster
        self.sides = [("row", rows)] if columns is None else [("row", rows), ("column", columns)]
        self.parts = {name: chunks_of(len(samples), size) for name, samples in self.sides}
        others = self.parts[self.sides[-1][0]]
        self.pairs = [
            (number, other)
            for number in range(len(self.parts["row"]))
            for other in range(number if columns is None else 0, len(others))
        ]
        self.encoded = kernel.exact or hasattr(kernel, "bloch_vectors")

    def __iter__(self) -> Iterator[tuple[slice, slice, NDArray[np.float64]]]:
        second = self.sides[-1][0]
        encoded = {
            (name, number): value
            for name, samples in self.sides
            for number, value in enumerate(self._encode(samples, self.parts[name]))
        }
        calls = []
        for number, other in self.pairs:
            first = encoded["row", number]
            same = second == "row" and number == other
            calls.append((first,) if same else (first, encoded[second, other]))
        function = self.kernel.entries if self.encoded else self.kernel
        for number, entries in call_each(function, calls, self.cluster):
            row, column = self.pairs[number]
            yield self.parts["row"][row], self.parts[second][column], entries

    def _encode(self, samples: NDArray[np.float64], parts: list[slice]) -> list[Any]:
        """What is needed of the samples of each part: futures on a cluster, else the numbers."""
        packed = [(pack(samples[part], "the samples"),) for part in parts]
        if not self.encoded:
            return [one for (one,) in packed]
        if self.cluster is not None:
            return self.cluster.submit(self.kernel.encode, packed)
        return [encoded for _, encoded in call_each(self.kernel.encode, packed, None)]


def _block_size(block: Any, n_qubits: int) -> int:
    if block is None:
        return max(1, min(CHUNK, _BLOCK_AMPLITUDES >> n_qubits))
    check_whole("block", block)
    return int(block)
