"""Large QUBOs in parts: bits fixed with proof, components solved one by one, blocks around an incumbent.

What the parts prove is used where it is a proof for the whole: fixed bits and solved components add up to a
bound. A block is searched with all other bits held, so what is proven about a block says nothing about the
model, and no bound comes from it.

Blocks around an incumbent: Booth, Reinhardt, Roy, "Partitioning optimization problems for hybrid
classical/quantum execution" (D-Wave, 2017), and large neighborhood search: Shaw, CP 1998, LNCS 1520, 417.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..progress import Progress
from ..qubo import Qubo
from ..seeds import child_seed
from .base import Outcome, Request, Solver
from .block_choice import BLOCK_METHODS
from .block_record import record_of_blocks
from .block_search import BlockSearch, StoppedError
from .decomposition_notes import decomposition_notes
from .draws import compile_qubo, distinct
from .exact import Exact
from .first_incumbent import INCUMBENTS, first_incumbent
from .persistency import FREE, persistent_bits
from .quadratic_bits import QuadraticBits
from .registry import find_solver
from .running import part_of
from .settings import check_choice, check_translation, check_whole

__all__ = ["Decomposed"]


@dataclass(frozen=True)
class Decomposed:
    """Take a QUBO apart and hand the parts to another solver.

    1. Bits whose value roof duality proves are fixed.
    2. What is left falls into connected components, solved one after the other.
    3. A component with more than ``max_bits`` bits is searched in blocks: some bits are free, all others held
       at the incumbent, and the solver's find is taken if it is not worse.

    Only 3 is a heuristic. Where 1 and 2 suffice and the parts were solved to proven optimality, so is the
    model; otherwise ``solve(..., prove=True)`` adds the bound of the whole model.

    Args:
        solver: name or solver object for the parts, e.g. ``QAOA(depth=3, shots=500)``. It gets unconstrained
            binary models, so its own encoding and penalty play no part.
        max_bits: most bits of a part.
        blocks: "chain" lets blocks grow by the bits that cost least to flip once the bits before are flipped,
            "connected" along the strongest couplings, "impact" by the bits that cost least to flip alone (see
            ``choose_block``). In each round every bit has its turn.
        rounds: end after so many rounds in a row without a lower energy.
        incumbent: where blocks begin without a start: "descent" (the best of 10 single-flip descents from
            random strings, for each component) or "anneal" (of 10 short annealing runs, often optimal
            already).
        exact_bits: components of at most so many bits are enumerated, 0 for none, at most 20.
        fix: fix bits by roof duality.
        encoding: how integers and levels become bits, see ``to_qubo``.
        penalty: how constraints enter, see ``to_qubo``. With weights that are not certified what is fixed
            with proof is proven for the QUBO, not for the model.

    Raises:
        OptionError: an illegal setting, or a solver that cannot hold ``max_bits`` bits.

    Example:
        >>> import dimod
        >>> from hybrid_opt.solvers import solve
        >>> ring = {(i, (i + 1) % 40): 1.0 for i in range(40)}
        >>> model = dimod.BinaryQuadraticModel({0: 0.5}, ring, 0.0, "SPIN")
        >>> solution = solve(model, Decomposed("exact", max_bits=12), seed=1)
        >>> solution.objective, solution.method, solution.status
        (-40.5, 'decomposed(exact)', 'optimal')
        >>> solution.notes
        ['roof duality fixed 40 of 40 bits with proof; none is left']
    """

    solver: str | Solver = "exact"
    max_bits: int = 16
    blocks: str = "chain"
    rounds: int = 2
    incumbent: str = "descent"
    exact_bits: int = 8
    fix: bool = True
    encoding: str | Mapping[Any, str] = "auto"
    penalty: str | float | Mapping[Any, float] = "certified"

    def __post_init__(self) -> None:
        inner = find_solver(self.solver, "solver")
        if isinstance(inner, Decomposed):
            raise OptionError("solver is a Decomposed itself; give the solver of its parts")
        check_whole("max_bits", self.max_bits)
        check_choice("blocks", self.blocks, BLOCK_METHODS)
        check_whole("rounds", self.rounds)
        check_choice("incumbent", self.incumbent, INCUMBENTS)
        check_whole("exact_bits", self.exact_bits, least=0, most=20)
        check_choice("fix", self.fix, (True, False))
        check_translation(self.encoding, self.penalty)
        most = getattr(inner, "max_qubits", None)
        if isinstance(inner, Exact):
            most = inner.limit.bit_length() - 1
        if most is not None and most < self.max_bits:
            raise OptionError(
                f"max_bits is {self.max_bits}, but {inner.name} is set to at most {most} bits; lower "
                "max_bits or raise the limit of the solver"
            )

    @property
    def name(self) -> str:
        """Name used in tables, with the solver of the parts."""
        return f"decomposed({find_solver(self.solver, 'solver').name})"

    def solve(self, request: Request) -> Outcome:
        """Fix, split, search.

        Args:
            request: the model, the seed, the time limit, perhaps a start.

        Returns:
            The last incumbents; a bound only where every part of the whole was bounded.

        Raises:
            InfeasibleModelError: a single constraint can never hold.
            ModelTooLargeError: the solver refuses a part.
            OptionError: the solver cannot run with its settings.
        """
        begin = perf_counter()
        qubo = compile_qubo(request, self.encoding, self.penalty)
        compiled = perf_counter()
        model = QuadraticBits.from_bqm(qubo.bqm)
        fixed = persistent_bits(model) if self.fix else np.full(model.n_bits, FREE, dtype=np.int8)
        components = model.components(np.flatnonzero(fixed == FREE))
        split = perf_counter()
        search = BlockSearch(
            model=model,
            bits=self._first_bits(request, qubo, fixed),
            solver=find_solver(self.solver, "solver"),
            seed=request.seed,
            deadline=begin + request.time_limit,
        )
        search.trace.append(search.bits.copy())
        bounds, stopped = list[float | None](), ""
        first_energy = model.energy(search.bits)
        try:
            if request.start is None:
                self._improve_start(search, components)
            first_energy = model.energy(search.bits)
            done = 0
            for component in components:
                told = part_of(request.progress, done / model.n_bits, len(component) / model.n_bits, "")
                bounds.append(self._search_component(search, component, told))
                done += len(component)
        except StoppedError as reason:
            stopped = str(reason)
        except KeyboardInterrupt:
            stopped = "ctrl-C"
        request.progress(1.0, "done")
        notes = decomposition_notes(self, qubo, search, fixed, components, first_energy)
        if stopped:
            notes.append(f"{stopped} ended the search after {search.parts} parts")
        states, undecoded = _decoded(qubo, [*search.trace, search.bits])
        return Outcome(
            states,
            bound=_whole_bound(search, components, bounds),
            effort={
                "bits": model.n_bits,
                "fixed": int((fixed != FREE).sum()),
                "components": len(components),
                "parts": search.parts,
                "largest_part": max(search.sizes, default=0),
                "rounds": search.rounds,
            },
            timings={
                "compile": compiled - begin,
                "split": split - compiled,
                "search": perf_counter() - split,
            },
            deterministic=search.deterministic and not stopped,
            interrupted=stopped == "ctrl-C",
            quantum=record_of_blocks(search.records, qubo.penalties),
            notes=notes + undecoded,
        )

    def _first_bits(self, request: Request, qubo: Qubo, fixed: NDArray[np.int8]) -> NDArray[np.uint8]:
        if request.start is not None:
            bits = qubo.encode_states(request.start)
        else:
            generator = np.random.default_rng(child_seed(request.seed, "decomposed"))
            bits = generator.integers(2, size=qubo.n_bits, dtype=np.uint8)
        return np.where(fixed == FREE, bits, fixed).astype(np.uint8)

    def _improve_start(self, search: BlockSearch, components: list[NDArray[np.int64]]) -> None:
        """Put short classical runs in place of random bits where no enumeration will do so."""
        bits, repeatable, interrupted = first_incumbent(
            search.model,
            search.bits,
            [component for component in components if len(component) > self.exact_bits],
            self.incumbent,
            seed=child_seed(search.seed, "decomposed incumbent"),
            seconds=search.deadline - perf_counter(),
        )
        search.bits, search.deterministic = bits, repeatable
        search.trace.append(bits.copy())
        if interrupted:
            raise StoppedError("ctrl-C")

    def _search_component(
        self, search: BlockSearch, component: NDArray[np.int64], progress: Progress
    ) -> float | None:
        """Search one component; a lower bound on its energy if it was solved in one piece and proven."""
        if len(component) <= self.exact_bits:
            return search.search_part(component, Exact())[1]
        if len(component) <= self.max_bits:
            return search.search_part(component, search.solver)[1]
        search.search_blocks(
            component, size=self.max_bits, method=self.blocks, rounds=self.rounds, progress=progress
        )
        return None


def _whole_bound(
    search: BlockSearch, components: list[NDArray[np.int64]], bounds: list[float | None]
) -> float | None:
    """Lower bound on the QUBO, hence on the model: the encoding of an optimum has its objective as energy."""
    proven = [bound for bound in bounds if bound is not None]
    if len(proven) < len(components):
        return None
    rest = search.bits.copy()
    for component in components:
        rest[component] = 0
    return search.model.energy(rest) + float(sum(proven))


def _decoded(qubo: Qubo, strings: list[NDArray[np.uint8]]) -> tuple[NDArray[np.int64], list[str]]:
    """Assignments that the incumbents stand for, at least one."""
    states, valid = qubo.decode_bits(np.array(strings, dtype=np.uint8))
    if valid.any():
        return distinct(states[valid])[0], []
    note = "no incumbent stands for an assignment; the first value of every variable is proposed instead"
    return np.array(qubo.first_states, dtype=np.int64)[None, :], [note]
