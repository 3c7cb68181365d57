"""What a decomposition tells the user: what was proven, what was split, what ran in blocks of which size."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .block_search import BlockSearch

if TYPE_CHECKING:
    from ..qubo import Qubo
    from .decomposed import Decomposed

__all__ = ["decomposition_notes"]

PASSED_ON = 3  # notes of the solver of the parts


def decomposition_notes(
    settings: Decomposed,
    qubo: Qubo,
    search: BlockSearch,
    fixed: NDArray[np.int8],
    components: list[NDArray[np.int64]],
    first_energy: float,
) -> list[str]:
    """Sentences on one run.

    Args:
        settings: of the run.
        qubo: what was taken apart.
        search: after the search.
        fixed: 0 or 1 for bits fixed with proof, -1 for the others, shape (n,).
        components: what was left.
        first_energy: QUBO energy before the first part was searched.

    Returns:
        The notes.
    """
    notes = [_fixing_note(settings, qubo, fixed, components)]
    enumerated = search.parts - len(search.sizes)
    if enumerated:
        notes.append(
            f"{enumerated} of these components, of at most {settings.exact_bits} bits, were enumerated"
        )
    if search.sizes:
        unit = "qubits" if search.records else "bits"
        table = sorted(Counter(search.sizes).items(), reverse=True)
        sizes = ", ".join(f"{count:,} of {size}" for size, count in table[:5])
        rest = sum(count for _, count in table[5:])
        more = f", {rest:,} smaller" if rest else ""
        notes.append(f"{len(search.sizes):,} parts ran with {search.solver.name}, by {unit}: {sizes}{more}")
    if any(len(component) > settings.max_bits for component in components):
        last = search.model.energy(search.bits)
        notes.append(
            f"blocks of at most {settings.max_bits} bits took the QUBO energy from {first_energy:.10g} to "
            f"{last:.10g}; they prove nothing about the model"
        )
    if search.records:
        notes.append("the quantum row describes circuits on parts of the QUBO, not on the model")
    notes += [f"in a part: {note}" for note in search.notes[:PASSED_ON]]
    return notes


def _fixing_note(
    settings: Decomposed, qubo: Qubo, fixed: NDArray[np.int8], components: list[NDArray[np.int64]]
) -> str:
    left, largest = int((fixed < 0).sum()), max(map(len, components), default=0)
    parts = "one component" if len(components) == 1 else f"{len(components):,} components"
    rest = f"{left} are left, {parts} of at most {largest}" if left else "none is left"
    if not settings.fix:
        return f"no bit was fixed, as asked; of {len(fixed)} bits {rest}"
    certified = not qubo.problem.rows or settings.penalty == "certified"
    whose = "" if certified else " for the QUBO with these penalties, not for the model"
    return f"roof duality fixed {len(fixed) - left} of {len(fixed)} bits with proof{whose}; {rest}"
