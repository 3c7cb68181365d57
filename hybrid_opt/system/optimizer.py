"""The whole in levels: propose, train, judge, keep or undo, and one look at the test split at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import resolve_seed
from ..solvers.running import part_of
from .configuration import HybridConfig
from .level_steps import steps_of
from .model_facts import model_facts
from .plan_results import solve_plans
from .recipe import Recipe
from .recipe_trials import RecipeTrials
from .report import HybridReport
from .run_folder import RunFolder
from .step_judgement import judge
from .step_results import StepResult
from .steps import Proposal, Step, StepContext

__all__ = ["HybridOptimizer"]

_TRAINED = 0.8  # share of the progress bar before the test


class HybridOptimizer:
    """Improves a transformer step by step, and keeps only what validation confirms.

    Every step proposes recipes (a model, its training, what is done afterwards). Each is trained on the same
    seeds as the recipe so far and kept if the mean validation loss falls by more than the spread of the
    losses over the seeds, see `keep_rule`; else it is undone. The test split is looked at once, at the end,
    from fresh seeds.

    Args:
        config: model, data, plans, level, engines and effort.

    Raises:
        OptionError: no `HybridConfig`.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from hybrid_opt.classical import TrainingSettings, load_data
        >>> data = load_data("wine")
        >>> model = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        >>> config = HybridConfig(model, data, neural=False, seed=1)
        >>> with TemporaryDirectory() as folder:
        ...     report = HybridOptimizer(config).run(folder)
        >>> report.steps, report.gain, report.interrupted
        ([], None, False)
    """

    def __init__(self, config: HybridConfig) -> None:
        if not isinstance(config, HybridConfig):
            raise OptionError(f"config is {type(config).__name__}; give HybridConfig(model, data, ...)")
        self.config = config

    def run(self, path: str | Path, *, progress: Progress = silent) -> HybridReport:
        """Take every step of the level, and say what each of them was worth.

        A run that was ended by ctrl-C, a kill or a power cut goes on where it was when the same call is made
        again, and ends with the same answer. ctrl-C returns a report of what there is, ``interrupted``.

        Args:
            path: the folder of the run; it is made where it is missing.
            progress: called with the share done.

        Returns:
            The report.

        Raises:
            OptionError: the folder is in use, damaged, or holds a run that differs; the message says in what.
            TableError, PlanError: a planner cannot be solved.
        """
        begin = perf_counter()
        folder = RunFolder(path)
        with folder.in_use(), _threads(self.config.threads):
            folder.reread()
            facts = folder.facts
            if self.config.seed is not None or facts is None:
                seed = resolve_seed(self.config.seed)
            else:
                seed = int(facts["seed"])
            folder.claim(self.config.facts(seed))
            run = _Run(self.config, folder, seed, progress)
            try:
                run.go()
            except KeyboardInterrupt:
                run.interrupted = True
            return run.report(perf_counter() - begin)


class _Run:
    """One call of `HybridOptimizer.run`."""

    def __init__(self, config: HybridConfig, folder: RunFolder, seed: int, progress: Progress) -> None:
        self.config, self.folder, self.seed, self.progress = config, folder, seed, progress
        self.trials = RecipeTrials(config, folder, seed)
        self.first = self.current = Recipe.of(config.model, config.settings)
        self.steps: list[StepResult] = []
        self.levels: dict[str, Recipe] = {}
        self.tests: dict[str, list[float]] = {}
        self.plans: list[Any] = []
        self.facts: dict[str, Any] = {}
        self.interrupted = False

    def go(self) -> None:
        """Everything, in order; what the folder knows is not done again."""
        if self.config.neural:
            steps = steps_of(self.config)
            share = _TRAINED / (len(steps) + 1)
            self.trials.measured(self.first, part_of(self.progress, 0.0, share, "as given"))
            for number, step in enumerate(steps):
                told = part_of(self.progress, share * (number + 1), share, step.name)
                result, self.current = self._take(number, step, told)
                self.steps.append(result)
                if step is steps[-1] or steps[number + 1].level != step.level:
                    self.levels[step.level] = self.current
            self._test()
        solve_plans(self.config, self.seed, part_of(self.progress, 0.95, 0.05, "plans"), self.plans)
        self.progress(1.0, "done")

    def _take(self, number: int, step: Step, progress: Progress) -> tuple[StepResult, Recipe]:
        known = self.folder.step(number)
        if known is not None and known["name"] != step.name:
            raise OptionError(
                f"step {number} of {self.folder.path} is {known['name']!r} and now {step.name!r}: the "
                "folder was written by another version; name another folder"
            )
        if known is None:
            told = part_of(progress, 0.0, 0.4, "")
            begin = perf_counter()
            proposal = step.propose(
                self.current, StepContext(self.config, self.seed, self.folder.path, told)
            )
            seconds = proposal.seconds or perf_counter() - begin
            known = {"name": step.name, **proposal.to_dict(), "seconds": seconds}
            self.folder.keep_step(number, known)
        proposal = Proposal.from_dict({name: value for name, value in known.items() if name != "name"})
        before = self.trials.measured(self.current, progress)
        arms = {}
        for index, arm in enumerate(proposal.arms):
            told = part_of(progress, 0.4 + 0.6 * index / len(proposal.arms), 0.6 / len(proposal.arms), "")
            arms[arm.name] = self.trials.measured(arm.recipe, told)
        after, best, decision = self.current, None, None
        if arms:
            best, decision = judge(step.judged_by, before, arms)
            if decision.kept:
                after = next(arm.recipe for arm in proposal.arms if arm.name == best)
        if self.folder.step(number + 1) is None:  # else a later recipe's weights are kept
            self.folder.drop_weights(after)
        return StepResult.of(step, self.current, proposal, before, arms, best, decision), after

    def _test(self) -> None:
        """The one look at the test split: the first recipe, and the best of each level."""
        recipes = {"as given": self.first, **self.levels}
        part = (0.95 - _TRAINED) / len(recipes)
        for number, (name, recipe) in enumerate(recipes.items()):
            told = part_of(self.progress, _TRAINED + part * number, part, f"test, {name}")
            self.tests[name] = self.trials.tested(recipe, told)
        seed = self.trials.check_seeds[0]
        for name, recipe in (("as given", self.first), ("in the end", self.current)):
            known = self.folder.model_facts(recipe)
            if known is None:
                told = part_of(self.progress, 0.94, 0.01, "analysis")
                model = self.trials.model(recipe, seed, told)
                known = {} if model is None else model_facts(model, self.config.data)
                self.folder.keep_model_facts(recipe, known)
            self.facts[name] = known
        self.folder.drop_weights(self.current)

    def report(self, seconds: float) -> HybridReport:
        """What there is."""
        levels = {"as given": self.first, **self.levels}
        return HybridReport(
            config=self.config,
            seed=self.seed,
            path=self.folder.path,
            steps=self.steps,
            recipes=levels,
            recipe=self.current,
            records={name: self.trials.known(recipe) for name, recipe in levels.items()},
            tests=self.tests,
            facts=self.facts,
            plans=self.plans,
            interrupted=self.interrupted,
            seconds=seconds,
        )


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """So many threads of torch inside the block, then as many as before."""
    before = torch.get_num_threads()
    if number is not None:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
