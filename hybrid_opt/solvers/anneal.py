"""Simulated annealing of the QUBO with the sampler of dwave-samplers, in batches.

Kirkpatrick, Gelatt, Vecchi, Science 220, 671 (1983). The effort is counted in reads and sweeps; the time
limit is looked at between batches. Batches have their own seeds and a size that depends on the model alone,
so the answer does not depend on the machine unless the limit is hit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..seeds import child_seed
from .base import Outcome, Request
from .draws import Drawing, compile_qubo, or_certified
from .settings import check_translation, check_whole

__all__ = ["Anneal"]

BATCH_STEPS = 2e7  # spin updates times neighbors per batch: a tenth of a second or so


def _beta_range(linear: NDArray[np.float64], pairs: tuple[Any, Any, Any]) -> tuple[float, float]:
    """First and last inverse temperature for biases in spin form.

    Hot: the largest possible cost of one flip is accepted half of the time. Cold: the smallest cost that a
    single bias can cause is accepted in one of a hundred sweeps over all spins that have it. Biases below
    1e-9 of the largest are rounding noise of the compiler and would freeze the schedule.
    """
    first, second, coupling = pairs
    field = np.abs(linear)
    np.add.at(field, first, np.abs(coupling))
    np.add.at(field, second, np.abs(coupling))
    noise = 1e-9 * float(field.max())
    smallest = np.where(np.abs(linear) > noise, np.abs(linear), np.inf)
    real = np.abs(coupling) > noise
    for ends in (first, second):
        np.minimum.at(smallest, ends[real], np.abs(coupling[real]))
    low = float(smallest.min())
    alike = int(np.isclose(smallest, low).sum())
    return float(np.log(2) / (2 * field.max())), float(np.log(100 * alike) / (2 * low))


@dataclass(frozen=True)
class Anneal:
    """Simulated annealing of the model's QUBO.

    Args:
        reads: independent runs; each gives one draw.
        sweeps: updates of every bit per run, from hot to cold.
        encoding: how integers and levels become bits, see ``to_qubo``.
        penalty: how constraints enter, see ``to_qubo``. Certified weights are safe for every bit string, but
            their steep walls keep annealing from moving between feasible assignments; feasibility is checked
            on the model anyway.

    Raises:
        OptionError: reads or sweeps below 1.

    Example:
        >>> import dimod
        >>> from hybrid_opt.solvers import solve
        >>> bqm = dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> solve(bqm, Anneal(reads=10, sweeps=100), seed=1).sample
        {'a': 0, 'b': 1}
    """

    reads: int = 100
    sweeps: int = 1000
    encoding: str | Mapping[Any, str] = "auto"
    penalty: str | float | Mapping[Any, float] = "adaptive"

    def __post_init__(self) -> None:
        check_whole("reads", self.reads, most=2**31)
        check_whole("sweeps", self.sweeps, most=2**31)
        check_translation(self.encoding, self.penalty)

    @property
    def name(self) -> str:
        """Name used in tables."""
        return "anneal"

    def solve(self, request: Request) -> Outcome:
        """Anneal ``reads`` times; the first run begins at ``request.start`` if there is one."""
        return or_certified(self, request, self.draw(request, draws=self.reads))

    def draw(self, request: Request, *, draws: int | None = None, seconds: float | None = None) -> Outcome:
        """Draw a number of samples, or as many as fit into a time.

        Args:
            request: the model, the seed, the time limit.
            draws: runs; None means as many as fit into ``seconds``.
            seconds: wall time for sampling, compiling not counted.

        Returns:
            The distinct assignments with their counts.
        """
        begin = perf_counter()
        qubo = compile_qubo(request, self.encoding, self.penalty)
        compile_seconds = perf_counter() - begin
        allowed = request.time_limit - compile_seconds
        if seconds is not None:
            allowed = min(allowed, seconds)
        drawing = Drawing(qubo, draws)
        try:
            self._sample(drawing, request, allowed)
        except KeyboardInterrupt:
            drawing.interrupted = True
        return drawing.outcome(
            effort={"reads": drawing.count, "sweeps": self.sweeps}, compile_seconds=compile_seconds
        )

    def _sample(self, drawing: Drawing, request: Request, allowed: float) -> None:
        from dwave.samplers import SimulatedAnnealingSampler

        bqm = drawing.qubo.bqm
        labels = list(bqm.variables)
        spins = bqm.change_vartype("SPIN", inplace=False)
        linear, pairs, _ = spins.to_numpy_vectors(variable_order=labels)
        constant = not (np.any(linear) or np.any(pairs[2]))
        beta_range = None if constant else _beta_range(linear, pairs)
        size = max(1, int(BATCH_STEPS / (self.sweeps * (1 + len(labels) + 2 * len(pairs[2])))))
        # Where time decides, smaller batches keep the overshoot small.
        size = size if drawing.wanted is not None else max(1, size // 20)
        sampler = SimulatedAnnealingSampler()
        while reads := drawing.next_batch(size, allowed):
            seed = child_seed(request.seed, f"anneal batch {len(drawing.batches)}")
            bits = np.random.default_rng(seed).integers(2, size=(reads, len(labels)), dtype=np.uint8)
            if request.start is not None and not drawing.batches:
                bits[0] = drawing.qubo.encode_states(request.start)
            # Without any bias every assignment is as good as every other: the random ones are the answer.
            if not constant:
                result = sampler.sample(
                    spins,
                    beta_range=beta_range,
                    num_reads=reads,
                    num_sweeps=self.sweeps,
                    seed=seed,
                    initial_states=(2 * bits.astype(np.int8) - 1, labels),
                )
                order = [result.variables.index(label) for label in labels]
                bits = (result.record.sample[:, order] > 0).astype(np.uint8)
            drawing.batches.append(bits)
            if drawing.wanted is not None:
                request.progress(drawing.count / drawing.wanted, f"{drawing.count} reads")
