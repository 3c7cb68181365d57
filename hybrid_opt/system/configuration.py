"""What the optimizer is asked: model, data, plans, level, engines and effort, checked when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..classical.configuration import DistanceTransformerConfig
from ..classical.distance_trainer import step_counts
from ..classical.task_data import TaskData
from ..classical.training_settings import TrainingSettings
from ..errors import OptionError
from ..seeds import resolve_seed
from ..solvers.settings import check_seconds, check_whole
from ..tuning.attention_objective import check_fit
from .recipe import plain_settings

__all__ = ["ENGINES", "LEVELS", "HybridConfig", "plan_room"]

LEVELS = ("basic", "advanced", "full")
ENGINES = ("quantum", "neural", "marketing", "business")
SIMULATORS = ("native", "aer")
DEFAULT_STEPS = 100  # of each training where no settings were given
_ROOMS = ("marketing", "business")


def plan_room(plan: Any) -> str | None:
    """The room that a planner or a plan comes from.

    Args:
        plan: anything.

    Returns:
        "marketing" or "business", also for classes derived from those; None for others.

    Example:
        >>> from hybrid_opt.marketing import BudgetPlanner
        >>> plan_room(BudgetPlanner.__new__(BudgetPlanner)), plan_room(3)
        ('marketing', None)
    """
    for kind in type(plan).__mro__:
        parts = kind.__module__.split(".")
        if parts[0] == "hybrid_opt" and len(parts) > 1 and parts[1] in _ROOMS:
            return parts[1]
    return None


@dataclass(frozen=True, eq=False)
class HybridConfig:
    """What `HybridOptimizer` works on, and how hard.

    Args:
        model: the configuration that everything begins with, ``data.config(...)``.
        data: what to learn; the test split is looked at once, at the end.
        plans: planners or solved plans of ``hybrid_opt.marketing`` and ``hybrid_opt.business``; planners are
            solved with their own defaults.
        level: "basic" (training with performance callbacks), "advanced" (and attention tuning and head
            masks), or "full" (and experts, controllers, gates). A folder of a lower level goes on at a higher
            one. Plans are solved at every level.
        quantum: False leaves out every circuit: each step takes its classical method.
        neural: False trains nothing; only plans are left.
        marketing: False leaves out plans of that room.
        business: likewise.
        seed: of everything random; None draws one, or takes that of the folder.
        settings: of each training; None takes 100 steps of batches of 32 at a learning rate of 3e-3.
        seeds: trainings by which a step is judged, at least 2.
        test_seeds: fresh trainings of each level's recipe for the test split, at least 2.
        trials: of each search over attention settings.
        keep: share of each layer's heads that head masks and gates keep, above 0 and below 1.
        experts: number of experts where a step proposes them.
        simulator: of circuits inside the model: "native" or "aer"; both are exact.
        time_limit: seconds for each run of a solver; a guard, not the effort.
        threads: of torch while it runs; None leaves them as they are. Results repeat for the same number.

    Raises:
        OptionError: an illegal value, plans that are none, data that do not fit the model.
        TrainingError: less data than a batch.

    Example:
        >>> from hybrid_opt.classical import load_data
        >>> data = load_data("wine")
        >>> config = HybridConfig(data.config(hidden_size=8, num_attention_heads=2), data, seed=1)
        >>> config.level, config.settings.max_steps, config.switched_off()
        ('basic', 100, [])
    """

    model: DistanceTransformerConfig
    data: TaskData
    plans: Sequence[Any] = ()
    level: str = "basic"
    quantum: bool = True
    neural: bool = True
    marketing: bool = True
    business: bool = True
    seed: int | None = None
    settings: TrainingSettings = field(
        default_factory=lambda: TrainingSettings(max_steps=DEFAULT_STEPS, batch_size=32, learning_rate=3e-3)
    )
    seeds: int = 3
    test_seeds: int = 5
    trials: int = 10
    keep: float = 0.75
    experts: int = 4
    simulator: str = "native"
    time_limit: float = 60.0
    threads: int | None = None

    def __post_init__(self) -> None:
        check_fit(self.model, self.data)
        self._check_choice("level", LEVELS)
        self._check_choice("simulator", SIMULATORS)
        for name in ENGINES:
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"{name} is {getattr(self, name)!r}; it must be True or False")
        if self.seed is not None:
            resolve_seed(self.seed)
        for name, least in (("seeds", 2), ("test_seeds", 2), ("trials", 1), ("experts", 2)):
            check_whole(name, getattr(self, name), least=least)
        if self.threads is not None:
            check_whole("threads", self.threads)
        check_seconds("time_limit", self.time_limit)
        share = isinstance(self.keep, int | float) and not isinstance(self.keep, bool)
        if not share or not 0 < self.keep < 1:
            raise OptionError(f"keep is {self.keep!r}; it must be a share above 0 and below 1")
        if not isinstance(self.settings, TrainingSettings):
            raise OptionError(
                f"settings is {type(self.settings).__name__}; it must be classical.TrainingSettings(...)"
            )
        if self.settings.early_stopping_patience is not None:
            raise OptionError(
                "settings has early_stopping_patience, which needs checkpoints of every training; leave it "
                "None: the steps decide by the validation loss at the end"
            )
        if "memory_budget" in self.settings.callbacks:
            raise OptionError(
                "settings.callbacks has memory_budget, which takes another batch, precision or recomputation "
                "than the recipe says, by seconds measured anew in each training; leave it out: the step "
                "'memory' saves memory, and train what the run found under a budget"
            )
        step_counts(self.settings, len(self.data.train))
        object.__setattr__(self, "plans", self._read_plans())

    def _check_choice(self, name: str, legal: Sequence[str]) -> None:
        if getattr(self, name) not in legal:
            raise OptionError(f"{name} is {getattr(self, name)!r}; legal are {', '.join(legal)}")

    def _read_plans(self) -> tuple[Any, ...]:
        if isinstance(self.plans, str) or not isinstance(self.plans, Sequence):
            raise OptionError(f"plans is {self.plans!r}; it must be a list of planners or plans")
        for number, plan in enumerate(self.plans):
            solved = callable(getattr(plan, "figures", None)) and callable(getattr(plan, "allocation", None))
            if plan_room(plan) is None or not (solved or callable(getattr(plan, "solve", None))):
                raise OptionError(
                    f"plans[{number}] is {type(plan).__name__}; legal are planners and solved plans of "
                    "hybrid_opt.marketing and hybrid_opt.business"
                )
        return tuple(self.plans)

    def levels(self) -> tuple[str, ...]:
        """The levels that run: this one and those below it."""
        return LEVELS[: LEVELS.index(self.level) + 1]

    def switched_off(self) -> list[str]:
        """The engines that are switched off."""
        return [name for name in ENGINES if not getattr(self, name)]

    def facts(self, seed: int) -> dict[str, Any]:
        """What makes two runs the same, as JSON values; level and plans may differ.

        Args:
            seed: the seed in use.

        Returns:
            Name -> value.
        """
        numbers = ("quantum", "neural", "seeds", "test_seeds", "trials", "keep", "experts", "simulator",
                   "time_limit", "threads")  # fmt: skip
        return {
            "model": plain_settings(self.model),
            "data": self.data.hash,
            "settings": self.settings.to_dict(),
            "seed": seed,
            **{name: getattr(self, name) for name in numbers},
        }
