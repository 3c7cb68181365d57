"""Level advanced: search over attention settings through a QUBO surrogate, minimized by QAOA and classically.

The search is ``tuning.tune_attention`` in a folder of its own. Both ways to minimize the surrogate get the
same number of trainings, the same space-filling start and the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

from ..seeds import child_seed
from ..solvers.base import Solver
from ..solvers.qaoa import QAOA
from ..tuning.attention_settings import apply_settings, attention_space
from ..tuning.attention_tuning import tune_attention
from ..tuning.level_space import level_space
from ..tuning.quantum_rows import WatchedSolver, is_quantum
from ..tuning.qubo_sampler import QuboSampler
from ..tuning.trial_history import PROPOSAL
from ..tuning.trial_loop import LEVELS
from .recipe import Recipe, plain_settings
from .steps import Arm, Proposal, StepContext

__all__ = ["AttentionStep", "CircuitSurrogate", "ClassicalSurrogate"]

FOLDER = "attention"
_START = 6  # judged trials before the first surrogate
_MOST_POINTS = 2**18  # of a grid with a metric per layer; above, all layers share one
_FRESH = 2  # trainings of each finalist inside the search; the step's own seeds decide


class ClassicalSurrogate(QuboSampler):
    """The surrogate minimized by enumeration or annealing; a class of its own, because searches go by it."""


class CircuitSurrogate(QuboSampler):
    """The surrogate minimized by a circuit."""


@dataclass(frozen=True)
class AttentionStep:
    """Other metrics, lambda, dropout, heads and learning rate, as a search finds them.

    Args:
        folder: name of the search's folder inside that of the run.

    Example:
        >>> AttentionStep().level
        'advanced'
    """

    name: str = "attention tuning"
    level: str = "advanced"
    judged_by: str = "loss"
    folder: str = FOLDER

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """The best settings of each search.

        Args:
            recipe: the recipe so far.
            context: the question; ``trials`` of each search, ``quantum`` for the circuit's.

        Returns:
            One arm per search that found other settings than the recipe's.

        Raises:
            KeyboardInterrupt: ctrl-C ended the search; it goes on when the step is taken again.
        """
        config, begin = context.config, perf_counter()
        model, training = recipe.configuration(), recipe.training
        space = attention_space(model, training)
        if level_space(space, LEVELS).n_points > _MOST_POINTS:
            space = attention_space(model, training, per_layer=False)
        circuit = WatchedSolver(QAOA(mixer="xy-exact", circuit_qubits=0))
        seed = child_seed(context.seed, "attention")

        def sampler(kind: type[QuboSampler], solver: Solver | None) -> QuboSampler:
            return kind(
                search_space=space, levels=LEVELS, n_startup_trials=_START, solver=solver, seed=seed,
                time_limit=config.time_limit,
            )  # fmt: skip

        classical = sampler(ClassicalSurrogate, None)
        answer = tune_attention(
            model, config.data, context.path / self.folder, trials=config.trials, training=training,
            search_space=space, sampler=sampler(CircuitSurrogate, circuit) if config.quantum else classical,
            compare=[classical] if config.quantum else [], finalists=1, fresh_seeds=_FRESH, seed=seed,
            progress=context.progress,
        )  # fmt: skip
        if answer.interrupted:
            raise KeyboardInterrupt
        arms, rows = [], []
        studies = {answer.sampler: answer.study, **answer.rivals}
        questions = _questions(studies.get(CircuitSurrogate.__name__))
        names = {"ClassicalSurrogate": "surrogate, classical", "CircuitSurrogate": "surrogate, QAOA"}
        for finalist in answer.finalists[1:]:
            found, settled = apply_settings(finalist.params, model, training)
            other = Recipe(plain_settings(found), settled, recipe.reassignment, recipe.heads)
            kind = finalist.name.split(",")[0]
            if other.key != recipe.key:
                quantum = kind == CircuitSurrogate.__name__ and questions > 0
                arms.append(Arm(names[kind], other, "QAOA" if quantum else "", names["ClassicalSurrogate"]))
        for kind, study in studies.items():
            losses = [trial.values[0] for trial in study.trials if trial.values]
            rows.append({"way": names[kind], "trials": len(losses), "lowest loss": min(losses)})
        notes = [] if arms else ["the searches found nothing else than the recipe so far"]
        if config.quantum and not questions:
            notes.append(
                f"no circuit ran: {config.trials} trials ended within the space-filling start, which comes "
                f"before the first surrogate and takes {_START} trials or more"
            )
        bits = sum(level_space(space, LEVELS).sizes)
        asked: Any = circuit.solver
        arms.sort(key=lambda arm: arm.algorithm)
        if arms and arms[0].algorithm:  # its control found nothing new: the recipe as it is stands beside it
            arms.insert(0, Arm(names["ClassicalSurrogate"], recipe))
        return Proposal(
            arms,
            rows=rows,
            notes=notes,
            trainings=sum(len(study.trials) for study in studies.values()) + _FRESH * len(answer.finalists),
            circuit_runs=questions * int(asked.shots),
            label=f"subspace simulator, {bits} qubits, {asked.depth} layers, {asked.shots:,} shots, "
            f"{questions} questions" if questions else "",
            seconds=perf_counter() - begin,
            algorithm_seconds=circuit.seconds if config.quantum else None,
        )


def _questions(study: Any) -> int:
    """How many proposals of a study came from a circuit."""
    if study is None:
        return 0
    records = [trial.system_attrs.get(PROPOSAL) or {} for trial in study.trials]
    return sum(is_quantum(str(record.get("solver", ""))) for record in records)
