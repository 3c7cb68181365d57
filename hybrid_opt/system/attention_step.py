"""Level advanced: search over attention settings through a QUBO surrogate, minimized by QAOA and classically.

The search is ``tuning.tune_attention`` in a folder of its own. Both ways to minimize the surrogate get the
same number of trainings, the same space-filling start and the same seed. The test split is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from ..classical.configuration import DistanceTransformerConfig
from ..seeds import child_seed
from ..solvers.base import Solver
from ..solvers.qaoa import QAOA
from ..tuning.attention_settings import apply_settings, attention_space, settings_of
from ..tuning.attention_tuning import tune_attention
from ..tuning.level_space import level_space
from ..tuning.qubo_sampler import QuboSampler
from ..tuning.trial_loop import LEVELS
from .recipe import Recipe, plain_settings
from .searched_way import SearchedWay
from .steps import Arm, Proposal, StepContext

__all__ = ["AttentionStep", "CircuitSurrogate", "ClassicalSurrogate"]

FOLDER = "attention"
_START = 6  # judged trials before the first surrogate
_MOST_POINTS = 2**18  # of a grid with a metric per layer; above, all layers share one


class ClassicalSurrogate(QuboSampler):
    """The surrogate minimized by enumeration or annealing; a class of its own, because searches go by it."""


class CircuitSurrogate(QuboSampler):
    """The surrogate minimized by a circuit."""


_WAYS = {ClassicalSurrogate.__name__: "surrogate, classical", CircuitSurrogate.__name__: "surrogate, QAOA"}

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
        """The best settings of each search, as its own trials have them.

        Args:
            recipe: the recipe so far.
            context: the question; ``trials`` of each search, ``quantum`` for the circuit's.

        Returns:
            One arm per search, the classical one first; a search that found nothing has the recipe as it is.
            An arm is QAOA's only if the circuit proposed its trial: the start of a search fills space.

        Raises:
            KeyboardInterrupt: ctrl-C ended the search; it goes on when the step is taken again.
        """
        config, begin = context.config, perf_counter()
        model, training = recipe.configuration(), recipe.training
        space = attention_space(model, training)
        if level_space(space, LEVELS).n_points > _MOST_POINTS:
            space = attention_space(model, training, per_layer=False)
        seed = child_seed(context.seed, "attention")

        def sampler(kind: type[QuboSampler], solver: Solver | None) -> QuboSampler:
            return kind(
                search_space=space, levels=LEVELS, n_startup_trials=_START, solver=solver, seed=seed,
                time_limit=config.time_limit,
            )  # fmt: skip

        classical = sampler(ClassicalSurrogate, None)
        circuit = sampler(CircuitSurrogate, QAOA(mixer="xy-exact", circuit_qubits=0))
        answer = tune_attention(
            model, config.data, context.path / self.folder, trials=config.trials, training=training,
            search_space=space, sampler=classical, compare=[circuit] if config.quantum else [],
            finalists=0,  # they would look at the test split; the step's own seeds decide
            seed=seed, progress=context.progress,
        )  # fmt: skip
        if answer.interrupted:
            raise KeyboardInterrupt
        given = settings_of(space, model, training)
        ways = [
            SearchedWay.of(_WAYS[kind], study, given)
            for kind, study in {answer.sampler: answer.study, **answer.rivals}.items()
        ]
        return Proposal(
            _arms(ways, recipe, model),
            rows=[way.row() for way in ways],
            notes=_notes(ways, config.trials),
            trainings=sum(way.trials for way in ways),
            circuit_runs=sum(way.samples for way in ways),
            label=ways[-1].label,
            seconds=perf_counter() - begin,
            algorithm_seconds=ways[-1].seconds if config.quantum else None,
            control_seconds=ways[0].seconds,
        )


def _arms(ways: list[SearchedWay], recipe: Recipe, model: DistanceTransformerConfig) -> list[Arm]:
    """Each search with its own best trial, the classical one first; none where none found anything."""
    if not any(way.params for way in ways):
        return []
    arms = []
    for way in ways:
        found, settled = apply_settings(way.params, model, recipe.training)
        other = Recipe(plain_settings(found), settled, recipe.reassignment, recipe.heads)
        if way is ways[0]:
            arms.append(Arm(way.name, other))
        elif way.by_circuit:
            arms.append(Arm(way.name, other, "QAOA", ways[0].name))
        else:
            arms.append(Arm(f"{way.name}: best trial from {way.origin}", other))
    return arms


def _notes(ways: list[SearchedWay], trials: int) -> list[str]:
    notes = []
    if not any(way.params for way in ways):
        notes.append("the searches found nothing else than the recipe so far")
    elif len(ways) > 1 and ways[-1].questions and not ways[-1].by_circuit:
        notes.append(
            f"the best trial of the search with QAOA came from {ways[-1].origin}, not from a circuit"
        )
    if len(ways) > 1 and not ways[-1].questions:
        notes.append(
            f"no circuit ran: {trials} trials ended within the space-filling start, which comes "
            f"before the first surrogate and takes {_START} trials or more"
        )
    return notes
