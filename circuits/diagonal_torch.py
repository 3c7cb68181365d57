"""The diagonal QAOA engine in torch, for one GPU (and, slowly, for a CPU).

States are kept as two real vectors in the basis of `torch_turns`, where turns are products of real matrices.
Gradients are those of `diagonal_evolution`: one sweep backward with psi and lambda, three vectors in all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CircuitError
from .memory import require_gpu_memory, require_memory
from .objectives import Objective, weigh
from .qubit_angles import batch_per_qubit, per_qubit
from .torch_turns import powers_of, rotation_groups, start_uniform, turn_lowest, turn_moments

if TYPE_CHECKING:
    import torch

    from .cost_diagonal import CostDiagonal

__all__ = ["TorchDiagonal", "TorchState"]

_CHUNK = 1 << 22


class TorchState:
    """A state that `TorchDiagonal` has made.

    Args:
        engine: what made it.
        planes: real and imaginary parts in the basis of the engine, shape (2, 2**n).
        gamma: sum of the cost angles, for the phase of the cost's constant.
    """

    def __init__(self, engine: TorchDiagonal, planes: torch.Tensor, gamma: float = 0.0) -> None:
        self._engine, self.planes, self.gamma = engine, planes, gamma

    def amplitudes(self) -> NDArray[Any]:
        """The whole state, on the host.

        Returns:
            Shape (2**n,), complex128 or in single precision complex64.

        Raises:
            CircuitTooLargeError: it does not fit there.
        """
        require_memory(self._engine.n_qubits, 64)
        real, imaginary = self.planes.cpu().numpy()
        factor = powers_of(-1j, self._engine.n_qubits) * np.exp(-1j * self.gamma * self._engine.constant)
        return np.asarray((real + 1j * imaginary) * factor).astype(
            np.complex128 if real.dtype == np.float64 else np.complex64
        )

    def probabilities(self) -> NDArray[np.float64]:
        """Probability of every bit string, on the host.

        Returns:
            Shape (2**n,).

        Raises:
            CircuitTooLargeError: it does not fit there.
        """
        require_memory(self._engine.n_qubits, 16)
        return np.concatenate(
            [self._engine.squares(self.planes, some).cpu().numpy() for some in self._chunks()]
        )

    def _chunks(self) -> Iterator[slice]:
        return self._engine.chunks()

    def norm(self) -> float:
        """Squared norm."""
        return sum(float(self._engine.squares(self.planes, some).sum()) for some in self._chunks())

    def norm_and_expectation(self) -> tuple[float, float]:
        """Squared norm, 1 but for rounding, and sum of probability times energy."""
        engine = self._engine
        norm, energy = self.norm(), 0.0
        for some in self._chunks():
            energy += float(engine.squares(self.planes, some) @ engine.energies(some))
        return norm, energy + norm * engine.constant

    def level_probabilities(self) -> NDArray[np.float64]:
        """Probability of every level of the diagonal; without codes, of every bit string.

        Returns:
            Shape (M,) or (2**n,).
        """
        return self._engine.level_probabilities(self.planes)

    def expectation(self) -> float:
        """Sum over all bit strings of probability times energy."""
        return self.norm_and_expectation()[1]


class TorchDiagonal:
    """Evolves states under a diagonal cost and turns about X, with torch.

    Args:
        diagonal: the cost.
        device: torch's name of a device.
        precision: "double" or "single".

    Raises:
        CircuitError: an unknown precision.
        CircuitTooLargeError: the diagonal does not fit.

    Example:
        >>> from .cost_diagonal import diagonal_from_costs
        >>> engine = TorchDiagonal(diagonal_from_costs([0.0, 1.0]), device="cpu")
        >>> abs(round(engine.run([np.pi / 2], [-np.pi / 4]).expectation(), 12))
        0.0
    """

    def __init__(
        self,
        diagonal: CostDiagonal,
        *,
        device: str = "cuda",
        precision: Literal["double", "single"] = "double",
    ) -> None:
        import torch

        if precision not in ("double", "single"):
            raise CircuitError(f'precision is {precision!r}; it must be "double" or "single"')
        self.n_qubits, self.diagonal, self.precision = diagonal.n_qubits, diagonal, precision
        self.constant = diagonal.constant
        self.device = torch.device(device)
        self.dtype = torch.float64 if precision == "double" else torch.float32
        self._bytes = 16 if precision == "double" else 8
        self._require(0)
        self._codes = self._costs = self._levels = None
        if diagonal.codes is not None:
            codes = diagonal.codes
            # torch has no unsigned 16-bit indices everywhere: the same bits as signed ones, corrected when
            # used
            self._codes = torch.from_numpy(codes.view(np.int16) if codes.dtype == np.uint16 else codes).to(
                self.device
            )
            self._levels = torch.as_tensor(diagonal.levels, dtype=torch.float64, device=self.device)
        else:
            self._costs = torch.as_tensor(diagonal.costs, dtype=torch.float64, device=self.device)

    def run(self, gammas: ArrayLike, betas: ArrayLike) -> TorchState:
        """The state after all layers.

        Args:
            gammas: shape (p,).
            betas: shape (p,), or (p, n) for one angle per qubit.

        Returns:
            The state, on the device.

        Raises:
            CircuitError: angles of other shapes, or not finite.
            CircuitTooLargeError: it does not fit.
        """
        rows, others = per_qubit(gammas, betas, self.n_qubits)
        return TorchState(self, self._forward(rows, others)[0], float(rows.sum()))

    def values(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """Expectation for each of a batch of angle sets.

        Args:
            gammas: shape (B, p).
            betas: shape (B, p) or (B, p, n).

        Returns:
            Shape (B,).

        Raises:
            CircuitError: angles of other shapes, or not finite.
        """
        pairs = zip(*batch_per_qubit(gammas, betas, self.n_qubits))
        return np.array([self.run(gamma, beta).expectation() for gamma, beta in pairs])

    def value_and_grad(
        self, gammas: ArrayLike, betas: ArrayLike, objective: Objective | None = None
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """An objective and its derivatives by all angles, as `DiagonalEvolution.value_and_grad`.

        Args:
            gammas: shape (p,).
            betas: shape (p,) or (p, n).
            objective: None for the expectation, or a function of energies and probabilities.

        Returns:
            The value, derivatives by gammas (p,) and by the angle of each qubit (p, n).

        Raises:
            CircuitError: angles of other shapes, or not finite.
            CircuitTooLargeError: it does not fit.
        """
        import torch

        rows, others = per_qubit(gammas, betas, self.n_qubits)
        with torch.no_grad():
            self._require(3)
            ket, spare = self._forward(rows, others)
            bra = torch.empty_like(ket)
            value = self._weigh(ket, bra, objective)
            by_gamma, by_beta = np.zeros(len(rows)), np.zeros(others.shape)
            for layer in range(len(rows) - 1, -1, -1):
                for low, matrix in rotation_groups(-others[layer], ket):
                    moments = turn_moments(bra, ket, len(matrix))
                    by_beta[layer, self.n_qubits - 1 - low - np.arange(len(moments))] = 2.0 * moments
                    ket, spare = turn_lowest(ket, spare, matrix)
                    bra, spare = turn_lowest(bra, spare, matrix)
                by_gamma[layer] = 2.0 * self._overlap(bra, ket)
                if layer:
                    self._phases(ket, -float(rows[layer]))
                    self._phases(bra, -float(rows[layer]))
        return value, by_gamma, by_beta

    def chunks(self) -> Iterator[slice]:
        """Stretches of basis states whose temporary values fit into little memory.

        Yields:
            Slices, in order.
        """
        for begin in range(0, 1 << self.n_qubits, _CHUNK):
            yield slice(begin, min(begin + _CHUNK, 1 << self.n_qubits))

    def squares(self, planes: torch.Tensor, some: slice) -> torch.Tensor:
        """Probabilities of a stretch of basis states, in double precision.

        Args:
            planes: the state.
            some: which.

        Returns:
            One number per basis state.
        """
        real, imaginary = planes[0, some].double(), planes[1, some].double()
        return real * real + imaginary * imaginary

    def energies(self, some: slice) -> torch.Tensor:
        """Energies of a stretch of basis states less the constant, in double precision.

        Args:
            some: which.

        Returns:
            One number per basis state.
        """
        return self._costs[some] if self._costs is not None else self._by_code(self._levels, some)

    def level_probabilities(self, planes: torch.Tensor) -> NDArray[np.float64]:
        """Probability of every level, or without codes of every bit string.

        Args:
            planes: the state.

        Returns:
            Shape (M,) or (2**n,), on the host.
        """
        import torch

        if self._levels is None:
            return np.concatenate([self.squares(planes, some).cpu().numpy() for some in self.chunks()])
        sums = torch.zeros_like(self._levels)
        for some in self.chunks():
            sums.index_add_(0, self._index(some), self.squares(planes, some))
        return np.asarray(sums.cpu().numpy())

    def _index(self, some: slice) -> torch.Tensor:
        if self._codes is None:
            raise CircuitError("this diagonal has no codes")
        index = self._codes[some].int()
        return index & 0xFFFF if index.numel() and self._codes.element_size() == 2 else index

    def _by_code(self, table: Any, some: slice) -> torch.Tensor:
        import torch

        return torch.index_select(table, 0, self._index(some))

    def _require(self, vectors: int) -> None:
        held = (8 if self.diagonal.codes is None else self.diagonal.codes.itemsize) if vectors == 0 else 0
        check = require_gpu_memory if self.device.type == "cuda" else require_memory
        check(self.n_qubits, max(1, vectors * self._bytes + held))

    def _forward(
        self, gammas: NDArray[np.float64], betas: NDArray[np.float64]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The state and a vector of the same kind that is free."""
        import torch

        with torch.no_grad():
            self._require(2)
            planes = torch.zeros((2, 1 << self.n_qubits), dtype=self.dtype, device=self.device)
            spare = torch.empty_like(planes)
            start_uniform(planes)
            for gamma, turns in zip(gammas, betas):
                self._phases(planes, float(gamma))
                for _, matrix in rotation_groups(turns, planes):
                    planes, spare = turn_lowest(planes, spare, matrix)
        return planes, spare

    def _phases(self, planes: torch.Tensor, gamma: float) -> None:
        """Multiply by exp(-i gamma C), in place."""
        import torch

        if self._levels is not None:
            angles = self._levels * gamma
            cosines, sines = torch.cos(angles).to(self.dtype), torch.sin(angles).to(self.dtype)
        for some in self.chunks():
            if self._costs is not None:
                angles = self._costs[some] * gamma
                cosine, sine = torch.cos(angles).to(self.dtype), torch.sin(angles).to(self.dtype)
            else:
                index = self._index(some)
                cosine, sine = torch.index_select(cosines, 0, index), torch.index_select(sines, 0, index)
            real, imaginary = planes[0, some], planes[1, some]
            new = (real * cosine).addcmul_(imaginary, sine)
            imaginary.mul_(cosine).addcmul_(real, sine, value=-1.0)
            real.copy_(new)

    def _overlap(self, bra: torch.Tensor, ket: torch.Tensor) -> float:
        """Im <lambda|C|psi>."""
        total = 0.0
        for some in self.chunks():
            field = bra[0, some] * ket[1, some] - bra[1, some] * ket[0, some]
            total += float(field.double() @ self.energies(some))
        return total

    def _weigh(self, ket: torch.Tensor, bra: torch.Tensor, objective: Objective | None) -> float:
        """Write w psi into ``bra`` and give the value of the objective."""
        import torch

        weights = None
        value = self.constant
        if objective is not None:
            energies, _ = self.diagonal.levels_and_codes()
            value, given = weigh(objective, energies, self.level_probabilities(ket))
            weights = torch.as_tensor(given, dtype=torch.float64, device=self.device)
        for some in self.chunks():
            if weights is None:
                factor = self.energies(some)
                value += float(self.squares(ket, some) @ factor)
            else:
                factor = weights[some] if self._costs is not None else self._by_code(weights, some)
            torch.mul(ket[:, some], factor.to(self.dtype), out=bra[:, some])
        return value
