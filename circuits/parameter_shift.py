"""Exact gradients from values alone: every shifted circuit of a batch is one row of one table of angles.

As a function of one angle, an expectation value is a short Fourier sum whose frequencies are the gaps between
the eigenvalues of the gate's generator. Its derivative is then a fixed combination of values at shifted
angles. This holds without bias for estimates from shots, and for circuits with channels, where there is no
state to differentiate.

K. Mitarai et al., arXiv 1803.00745; M. Schuld et al., arXiv 1811.11184 (two terms); D. Wierichs, J. Izaac,
C. Wang, C. Y.-Y. Lin, "General parameter-shift rules for quantum gradients", arXiv 2107.12390 (any number).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .gates import ANGLES, Gate
from .program import Program

__all__ = ["RowPlan", "ShiftPlan", "shift_rule", "shifted_table", "used_slots"]

Rule = tuple[NDArray[np.float64], NDArray[np.float64]]

# A fixed number, not the free memory: shots are drawn per piece, so the same seed needs the same pieces.
_CHUNK_BYTES = 2**28


def shift_rule(gate: Gate) -> tuple[Rule, ...]:
    """How to differentiate expectation values with respect to each angle of one gate.

    The derivative is sum_t coefficients[t] * value(angle + shifts[t]). Two terms where the generator's
    eigenvalues have the single gap 1: rotations, and phases with and without controls (eigenvalues 0 and 1).
    Four terms for controlled rotations, whose generator has the eigenvalues 0 and +-1/2: gaps 1/2 and 1.

    Args:
        gate: any gate; its position in the table is not looked at.

    Returns:
        For every angle the pair (coefficients, shifts in radians), each of shape (T,); an empty tuple for a
        gate without angles.

    Raises:
        CircuitError: a kind that is not in `gates.ANGLES`.

    Example:
        >>> [(coefficients, shifts)] = shift_rule(Gate("rx", (0,), slot=0))
        >>> coefficients.tolist(), (shifts / np.pi).tolist()
        ([0.5, -0.5], [0.5, -0.5])
        >>> [(coefficients, shifts)] = shift_rule(Gate("rx", (1,), (0,), slot=0))
        >>> coefficients.round(6).tolist(), (shifts / np.pi).tolist()
        ([0.426777, -0.426777, -0.073223, 0.073223], [0.5, -0.5, 1.5, -1.5])
    """
    return tuple(_rule(1, spacing) for spacing in _spacings(gate))


def _spacings(gate: Gate) -> tuple[float, ...]:
    """For every angle the greatest number of which all frequencies, at most 1, are multiples."""
    if gate.kind not in ANGLES:
        raise CircuitError(f"no shift rule for the kind {gate.kind!r}; it must be one of {', '.join(ANGLES)}")
    if not gate.controls or gate.kind == "p":
        return (1.0,) * gate.n_angles
    # u(t, a, b) = p(a) ry(t) p(b): controls leave its outer angles phases, but not those of rot.
    return (0.5, 1.0, 1.0) if gate.kind == "u" else (0.5,) * gate.n_angles


def _rule(largest: int, spacing: float) -> Rule:
    """Rule for the frequencies spacing, 2 spacing, ..., largest (arXiv 2107.12390, section 3)."""
    order = round(largest / spacing)
    steps = np.arange(1, order + 1)
    angles = (2 * steps - 1) * np.pi / (2 * order)
    # The denominator is 4 order sin(angle / 2)**2, in a form that gives exactly 1/2 at order 1.
    coefficients = spacing * (-1.0) ** (steps - 1) / (2 * order * (1 + np.sin(angles - np.pi / 2)))
    # Shifts beyond half a period are written as negative ones; their coefficients are the opposite.
    shifts = angles / spacing
    return np.outer(coefficients, [1, -1]).ravel(), np.outer(shifts, [1, -1]).ravel()


@lru_cache(maxsize=256)
def _rules(program: Program) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Slot, coefficient and shift of every term of a program, by ascending slot."""
    spacings: dict[int, list[float]] = {}
    for gate in program.gates:
        for angle, spacing in enumerate(_spacings(gate)):
            spacings.setdefault(gate.slot + angle, []).append(spacing)
    # Gates that share a slot turn together: their frequencies add up.
    rules = [(slot, _rule(len(spacings[slot]), min(spacings[slot]))) for slot in sorted(spacings)]
    if not rules:
        return np.empty(0, np.intp), np.empty(0), np.empty(0)
    slots = np.concatenate([np.full(len(shifts), slot, np.intp) for slot, (_, shifts) in rules])
    coefficients, shifts = (np.concatenate([rule[part] for _, rule in rules]) for part in (0, 1))
    for terms in (slots, coefficients, shifts):
        terms.flags.writeable = False
    return slots, coefficients, shifts


def used_slots(program: Program) -> NDArray[np.bool_]:
    """Which columns of the table turn a gate; the others change no expectation value.

    Args:
        program: with S slots.

    Returns:
        Shape (S,).

    Example:
        >>> used_slots(Program(1, (Gate("rx", (0,), slot=0),), 2, phases=((1, -1.0),))).tolist()
        [True, False]
    """
    mask = np.zeros(program.n_slots, dtype=np.bool_)
    mask[_rules(program)[0]] = True
    return mask


class RowPlan(ABC):
    """Rows of angles to evaluate for a gradient: K for each of the B rows of a table.

    Row b * K + k belongs to row b. Rows are made when asked for, so that a plan is small also where all its
    rows would not fit into memory::

        values = np.empty((plan.n_rows, n_outputs))
        for rows in plan.chunks(max_rows=4096):
            values[rows] = evaluate(plan.table(rows))
        gradient = plan.gradient(values, cotangents)

    Args:
        table: the angles, shape (B, S).
        per_row: K.

    Attributes:
        base: a copy of the table.
        n_rows: B * K.
    """

    def __init__(self, table: NDArray[np.float64], per_row: int) -> None:
        self.base = table.copy()
        self._per_row = per_row
        self.n_rows = len(table) * per_row

    @abstractmethod
    def _move(self, rows: NDArray[np.float64], origins: NDArray[np.intp], terms: NDArray[np.intp]) -> None:
        """Change copies of the table's rows ``origins`` to rows ``terms`` of theirs, in place."""

    @abstractmethod
    def gradient(self, values: NDArray[Any], cotangents: NDArray[Any]) -> NDArray[np.float64]:
        """Derivative of sum(cotangents * values of the table) with respect to the angles, shape (B, S)."""

    def _numbers(self, rows: slice | None) -> NDArray[np.intp]:
        start, stop, step = (rows or slice(None)).indices(self.n_rows)
        return np.arange(start, stop, step, dtype=np.intp)

    def origins(self, rows: slice | None = None) -> NDArray[np.intp]:
        """Which row of the original table each row comes from; initial states are repeated by this.

        Args:
            rows: a piece, such as one of `chunks`; None for all.

        Returns:
            Numbers below B, shape (rows of the piece,).
        """
        return self._numbers(rows) // max(self._per_row, 1)

    def table(self, rows: slice | None = None) -> NDArray[np.float64]:
        """The angles to evaluate.

        Args:
            rows: a piece, such as one of `chunks`; None for all.

        Returns:
            Shape (rows of the piece, S).
        """
        origins, terms = np.divmod(self._numbers(rows), max(self._per_row, 1))
        angles = self.base[origins]
        self._move(angles, origins, terms)
        return angles

    def chunks(
        self, max_rows: int | None = None, *, bytes_per_row: int = 0, max_bytes: int = _CHUNK_BYTES
    ) -> Iterator[slice]:
        """Consecutive pieces of all rows, each small enough to evaluate at once.

        Args:
            max_rows: most rows in one piece; None for no limit but memory.
            bytes_per_row: what evaluating one row needs besides its angles, such as 16 * 2**N for its state.
            max_bytes: memory for one piece; a single row is always let through.

        Returns:
            Slices of the rows, in order; none if there are no rows.

        Raises:
            CircuitError: a limit that is no positive integer, or negative bytes per row.

        Example:
            >>> program = Program(1, (Gate("rx", (0,), slot=0),), 1)
            >>> plan = shifted_table(program, np.zeros((2, 1)))
            >>> list(plan.chunks(3))
            [slice(0, 3, None), slice(3, 4, None)]
        """
        limit = check_count("max_rows", self.n_rows or 1 if max_rows is None else max_rows)
        cost = 8 * self.base.shape[1] + check_count("bytes_per_row", bytes_per_row, 0)
        size = max(1, min(limit, check_count("max_bytes", max_bytes) // max(cost, 1)))
        return (slice(start, min(start + size, self.n_rows)) for start in range(0, self.n_rows, size))

    def _read(self, values: Any, cotangents: Any = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Values as (B, K, O) and cotangents as (B, O), checked."""
        read = check_real("values", values)
        if read.ndim != 2 or len(read) != self.n_rows:
            raise CircuitError(f"values has shape {read.shape}; it must be ({self.n_rows} rows, outputs)")
        batch, outputs = len(self.base), read.shape[1]
        weights = np.ones((batch, outputs)) if cotangents is None else check_real("cotangents", cotangents)
        if weights.shape != (batch, outputs):
            raise CircuitError(
                f"cotangents has shape {weights.shape}; it must be ({batch}, {outputs}): rows of the first "
                "table, outputs as in values"
            )
        return read.reshape(batch, self._per_row, outputs), weights


class ShiftPlan(RowPlan):
    """The rows of the parameter-shift rule and how their values combine; see `shifted_table`.

    Args:
        program: whose angles are shifted.
        table: shape (B, S), checked.
        wanted: columns to differentiate, shape (S,), checked.
    """

    def __init__(self, program: Program, table: NDArray[np.float64], wanted: NDArray[np.bool_]) -> None:
        slots, coefficients, shifts = _rules(program)
        kept = wanted[slots]
        self._slots, self._coefficients, self._shifts = slots[kept], coefficients[kept], shifts[kept]
        self._columns, self._starts = np.unique(self._slots, return_index=True)
        super().__init__(table, len(self._slots))

    def _move(self, rows: NDArray[np.float64], origins: NDArray[np.intp], terms: NDArray[np.intp]) -> None:
        if len(rows):
            rows[np.arange(len(rows)), self._slots[terms]] += self._shifts[terms]

    def gradient(self, values: NDArray[Any], cotangents: NDArray[Any]) -> NDArray[np.float64]:
        """Derivative of sum(cotangents * values of the table) with respect to the angles.

        Args:
            values: expectation values of the plan's rows, shape (n_rows, O), exact or estimated.
            cotangents: shape (B, O).

        Returns:
            Shape (B, S); 0 for columns that are not wanted or turn no gate.

        Raises:
            CircuitError: shapes that do not fit, or entries that are no real numbers.
        """
        read, weights = self._read(values, cotangents)
        gradient = np.zeros(self.base.shape)
        if self.n_rows:
            terms = np.matmul(read, weights[:, :, None])[:, :, 0] * self._coefficients
            gradient[:, self._columns] = np.add.reduceat(terms, self._starts, axis=1)
        return gradient

    def jacobian(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Derivative of every output with respect to every angle of its row.

        Args:
            values: expectation values of the plan's rows, shape (n_rows, O), exact or estimated.

        Returns:
            Shape (B, O, S); 0 for columns that are not wanted or turn no gate.

        Raises:
            CircuitError: a shape that does not fit, or entries that are no real numbers.
        """
        read, weights = self._read(values)
        jacobian = np.zeros((*weights.shape, self.base.shape[1]))
        if self.n_rows:
            sums = np.add.reduceat(read * self._coefficients[:, None], self._starts, axis=1)
            jacobian[:, :, self._columns] = sums.transpose(0, 2, 1)
        return jacobian


def shifted_table(program: Program, table: NDArray[Any], wanted: NDArray[Any] | None = None) -> ShiftPlan:
    """Plan the gradient of expectation values by parameter shift.

    Each of the B rows gives two rows per angle (four for controlled rotations), each with one angle shifted.
    Where several gates use one slot, their frequencies add up: it takes two rows per gate, four if one
    of them is a controlled rotation. Channels and noise between the gates change nothing, as long as they
    do not depend on the angles.

    Args:
        program: the circuit's structure.
        table: its angles in radians, shape (B, S).
        wanted: columns to differentiate, shape (S,), bool; None for all. The others cost no rows.

    Returns:
        The plan; evaluate its ``table()``, at once or by ``chunks()``, and hand the values to ``gradient``.

    Raises:
        CircuitError: a program without angles, a table or a mask that does not belong to it.

    Example:
        >>> program = Program(1, (Gate("rx", (0,), slot=0),), 1)
        >>> plan = shifted_table(program, np.array([[0.5]]))
        >>> plan.table().round(3).tolist()
        [[2.071], [-1.071]]
        >>> plan.gradient(np.cos(plan.table()), np.ones((1, 1))).round(6).tolist()  # <Z> is cos(angle)
        [[-0.479426]]
    """
    if not program.n_slots:
        raise CircuitError("the program has no angles, so there is nothing to differentiate")
    angles = check_real("table", table)
    program.check_table(angles)
    return ShiftPlan(program, angles, check_wanted(wanted, program.n_slots))


def check_count(name: str, number: Any, least: int = 1) -> int:
    """The argument as an int, or a CircuitError that names it."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < least:
        raise CircuitError(f"{name} is {number!r}; it must be an integer of at least {least}")
    return int(number)


def check_wanted(wanted: Any, n_slots: int) -> NDArray[np.bool_]:
    """The mask over the columns, all of them for None, or a CircuitError."""
    if wanted is None:
        return np.ones(n_slots, dtype=np.bool_)
    mask = np.asarray(wanted)
    if mask.dtype != np.bool_ or mask.shape != (n_slots,):
        given = f"{mask.dtype} of shape {mask.shape}"
        raise CircuitError(f"wanted is {given}; it must be bool of shape ({n_slots},)")
    return mask


def check_real(name: str, numbers: Any) -> NDArray[np.float64]:
    """The argument as float64, or a CircuitError that names it."""
    try:
        array = np.asarray(numbers)
    except (TypeError, ValueError) as error:
        raise CircuitError(f"{name} is no array of numbers: {error}") from error
    if array.dtype.kind not in "fiu":
        raise CircuitError(f"{name} holds {array.dtype}; it must hold real numbers")
    return array.astype(np.float64, copy=False)
