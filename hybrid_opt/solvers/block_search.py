"""The search of a decomposition: parts of a QUBO handed to another solver, one after the other.

Shapes: n bits of the whole, k bits of a part.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from ..qubo.reading import read_model
from ..seeds import child_seed
from .base import Request, Solver
from .block_choice import choose_block
from .judge import judge
from .quadratic_bits import QuadraticBits
from .quantum import QuantumRecord

__all__ = ["BlockSearch", "StoppedError"]

KEPT = 100  # incumbents proposed beside the first and the last
SHAKEN = 0.5  # impacts and couplings are multiplied by 1 - SHAKEN to 1 + SHAKEN after the first round


class StoppedError(Exception):
    """The time limit or ctrl-C; never leaves the solver."""


@dataclass
class BlockSearch:
    """An incumbent that parts of it are searched around.

    Attributes:
        model: the whole QUBO.
        bits: the incumbent, shape (n,), changed as the search goes on.
        solver: what parts are handed to.
        seed: of all parts; each derives its own.
        deadline: clock at which no further part is begun.
        trace: incumbents on the way, in order; the last is the current one.
        sizes: bits of each part handed to ``solver``.
        records: quantum rows of the parts.
        notes: what the solver said, each once.
        deterministic: False if a part depended on the clock.
        parts: number of parts searched so far, by whatever solver.
        rounds: passes over all bits of a component so far.
    """

    model: QuadraticBits
    bits: NDArray[np.uint8]
    solver: Solver
    seed: int
    deadline: float
    trace: deque[NDArray[np.uint8]] = field(default_factory=lambda: deque(maxlen=KEPT))
    sizes: list[int] = field(default_factory=list)
    records: list[QuantumRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    deterministic: bool = True
    parts: int = 0
    rounds: int = 0

    def search_part(self, positions: NDArray[np.int64], solver: Solver) -> tuple[float, float | None]:
        """Hand some bits to a solver, the others held, and accept what is not worse.

        Args:
            positions: the bits, ascending, shape (k,).
            solver: what searches them.

        Returns:
            By how much the energy fell, 0.0 if it did not, and a lower bound on the part's energy, without a
            constant, if the solver proved one.

        Raises:
            StoppedError: the deadline is over, or ctrl-C ended the solver; its finds until then are used.
            SolverError: the solver returned something malformed.
        """
        left = self.deadline - perf_counter()
        if left <= 0:
            raise StoppedError("the time limit")
        part = self.model.part(positions, self.bits)
        problem = read_model(part.to_bqm())
        before = self.bits[positions]
        seed = child_seed(self.seed, f"decomposed part {self.parts}")
        self.parts += 1
        request = Request(problem, seed, left, before.astype(np.int64))
        outcome = solver.solve(request)
        judged = judge(solver.name, problem, outcome)
        if solver is self.solver:
            self.sizes.append(len(positions))
            self.notes += [note for note in outcome.notes if note not in self.notes]
        if outcome.quantum is not None:
            self.records.append(outcome.quantum)
        self.deterministic &= outcome.deterministic
        gain = self._accept(positions, part, before, judged.states.astype(np.uint8), seed)
        if outcome.interrupted:
            raise StoppedError("ctrl-C")
        return gain, judged.bound

    def _accept(
        self,
        positions: NDArray[np.int64],
        part: QuadraticBits,
        before: NDArray[np.uint8],
        found: NDArray[np.uint8],
        seed: int,
    ) -> float:
        if not len(found):
            return 0.0
        changes = np.array([part.energy(bits) for bits in found]) - part.energy(before)
        lowest, noise = float(changes.min()), part.noise
        if lowest > noise:
            return 0.0
        # A move to an equal energy is taken too: it opens other moves, and cannot make the answer worse.
        ties = np.flatnonzero(changes <= lowest + noise)
        self.bits[positions] = found[ties[np.random.default_rng(seed).integers(len(ties))]]
        if lowest >= -noise:
            return 0.0
        self.trace.append(self.bits.copy())
        return -lowest

    def search_blocks(
        self, positions: NDArray[np.int64], *, size: int, method: str, rounds: int, progress: Progress
    ) -> None:
        """Search blocks of a component that is too large for the solver, round after round.

        Args:
            positions: the bits of the component, ascending.
            size: bits of a block.
            method: how blocks are chosen, see ``choose_block``.
            rounds: end after so many rounds in a row in which the energy did not fall.
            progress: told a share that rises with every block, never quite to 1.

        Raises:
            StoppedError: the time limit or ctrl-C.
        """
        generator = np.random.default_rng(child_seed(self.seed, f"decomposed blocks {positions[0]}"))
        expected = (1 + rounds) * -(-len(positions) // size)
        component = self.model.part(positions, self.bits)
        idle = number = done = 0
        while idle < rounds:
            # The first round follows the plain rule; the same blocks again would find nothing new.
            shaken = generator.uniform(1 - SHAKEN, 1 + SHAKEN, len(positions)) if number else None
            waiting, fallen = np.ones(len(positions), dtype=np.bool_), 0.0
            while waiting.any():
                block = choose_block(component, self.bits[positions], waiting, size, method, shaken)
                waiting[block] = False
                fallen += self.search_part(positions[block], self.solver)[0]
                done += 1
                energy = self.model.energy(self.bits)
                progress(done / (done + expected), f"block {len(self.sizes)}, energy {energy:.6g}")
            idle = 0 if fallen > 0 else idle + 1
            number += 1
            self.rounds += 1
