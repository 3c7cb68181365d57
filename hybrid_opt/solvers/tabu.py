"""Tabu search on the QUBO with the sampler of dwave-samplers; effort counted in searches.

Palubeckis, Annals of Operations Research 131, 259 (2004) (multistart tabu search, MST2). The sampler
stops by time unless told otherwise; here the number of restarts and of updates ends a read, which makes it
repeatable, and time is only a guard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ..seeds import child_seed
from .base import Outcome, Request
from .draws import Drawing, compile_qubo, or_certified
from .settings import check_translation, check_whole

__all__ = ["Tabu"]

LONGEST = 2**31 - 1  # milliseconds the sampler can hold
BATCH_STEPS = 2e7  # flips looked at per batch: a tenth of a second or so


@dataclass(frozen=True)
class Tabu:
    """Multistart tabu search on the model's QUBO.

    Args:
        reads: independent runs; each gives one draw, the best of its searches.
        restarts: further searches per run, each from a perturbed end of the one before.
        updates: flips looked at per bit and search.
        tenure: flips a bit stays locked; None means a quarter of the bits, at most 20.
        encoding: how integers and levels become bits, see ``to_qubo``.
        penalty: how constraints enter, see ``to_qubo``; adaptive weights leave more ways between feasible
            assignments than certified ones.

    Raises:
        OptionError: reads or updates below 1, restarts or tenure below 0.

    Example:
        >>> import dimod
        >>> from hybrid_opt.solvers import solve
        >>> bqm = dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> solve(bqm, Tabu(reads=2), seed=1).sample
        {'a': 0, 'b': 1}
    """

    reads: int = 200
    restarts: int = 0
    updates: int = 1000
    tenure: int | None = None
    encoding: str | Mapping[Any, str] = "auto"
    penalty: str | float | Mapping[Any, float] = "adaptive"

    def __post_init__(self) -> None:
        check_whole("reads", self.reads, most=2**31)
        check_whole("restarts", self.restarts, least=0, most=2**31 - 1)
        check_whole("updates", self.updates, most=10**6)
        if self.tenure is not None:
            check_whole("tenure", self.tenure, least=0)
        check_translation(self.encoding, self.penalty)

    @property
    def name(self) -> str:
        """Name used in tables."""
        return "tabu"

    def solve(self, request: Request) -> Outcome:
        """Search ``reads`` times; the first run begins at ``request.start`` if there is one."""
        return or_certified(self, request, self._run(request, self.reads, None, self.restarts))

    def draw(self, request: Request, *, draws: int | None = None, seconds: float | None = None) -> Outcome:
        """Draw a number of samples, or as many as fit into a time; one search per draw, no restarts.

        Args:
            request: the model, the seed, the time limit.
            draws: searches; None means as many as fit into ``seconds``.
            seconds: wall time for searching, compiling not counted.

        Returns:
            The distinct assignments with their counts.
        """
        return self._run(request, draws, seconds, 0)

    def _run(self, request: Request, draws: int | None, seconds: float | None, restarts: int) -> Outcome:
        begin = perf_counter()
        qubo = compile_qubo(request, self.encoding, self.penalty)
        compile_seconds = perf_counter() - begin
        allowed = request.time_limit - compile_seconds
        if seconds is not None:
            allowed = min(allowed, seconds)
        drawing = Drawing(qubo, draws)
        limited = False
        try:
            limited = self._search(drawing, request, allowed, restarts)
        except KeyboardInterrupt:
            drawing.interrupted = True
        effort = {"reads": drawing.count, "restarts": restarts, "updates": self.updates}
        return drawing.outcome(effort=effort, compile_seconds=compile_seconds, limited=limited)

    def _search(self, drawing: Drawing, request: Request, allowed: float, restarts: int) -> bool:
        """Search read by read; True if the time limit cut one of them short."""
        from dwave.samplers import TabuSampler

        bqm = drawing.qubo.bqm
        labels = list(bqm.variables)
        tenure = None if self.tenure is None else min(self.tenure, len(labels) - 1)
        steps = self.updates * (1 + len(labels)) * (restarts + 1)
        # Where time decides, smaller batches keep the overshoot small.
        size = max(1, int(BATCH_STEPS / steps / (20 if drawing.wanted is None else 1)))
        sampler = TabuSampler()
        limited = False
        while reads := drawing.next_batch(size, allowed):
            seed = child_seed(request.seed, f"tabu batch {len(drawing.batches)}")
            bits = np.random.default_rng(seed).integers(2, size=(reads, len(labels)), dtype=np.uint8)
            if request.start is not None and not drawing.batches:
                bits[0] = drawing.qubo.encode_states(request.start)
            if labels:
                milliseconds = min(max(1.0, 1000 * (allowed - drawing.seconds)), LONGEST)
                begin = perf_counter()
                result = sampler.sample(
                    bqm,
                    num_reads=reads,
                    seed=seed,
                    tenure=tenure,
                    timeout=int(milliseconds),
                    num_restarts=restarts,
                    coefficient_z_first=self.updates,
                    coefficient_z_restart=self.updates,
                    lower_bound_z=1,
                    initial_states=(bits.astype(np.int8), labels),
                )
                limited |= 1000 * (perf_counter() - begin) >= int(milliseconds)
                order = [result.variables.index(label) for label in labels]
                bits = result.record.sample[:, order].astype(np.uint8)
            drawing.batches.append(bits)
            if drawing.wanted is not None:
                request.progress(drawing.count / drawing.wanted, f"{drawing.count} reads")
        return limited
