"""Choose which attention heads of a trained model stay, through a quadratic model of its loss.

Shapes: N heads of the model, L layers, H heads of a layer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..errors import OptionError, SolverError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from ..solvers.running import part_of
from ..solvers.solution import Solution
from ..solvers.solve import solve
from .head_blocks import answer_in_blocks
from .head_budget import read_costs
from .head_choice import HeadSelection
from .head_methods import MOST_AMPLITUDES, count_states, solver_of
from .head_question import HeadQuestion
from .labelled_batches import LabelledBatches, read_batches
from .loss_journal import LossJournal
from .loss_statistics import HeadStatistics, head_statistics
from .measured_heads import MeasuredHeads, measure_heads, read_evaluations

__all__ = ["select_heads"]

_SHARE_OF_A_ROUND = 0.125


def select_heads(
    model: nn.Module,
    data: Any,
    keep: float | int | Sequence[int] | None = None,
    *,
    budget: float | None = None,
    costs: Any = "parameters",
    method: Any = "auto",
    compare: Sequence[Any] = (),
    evaluations: int | None = None,
    rounds: int | None = None,
    redundancy: float = 0.0,
    linear_term: bool = True,
    examples: int | None = 512,
    batch_size: int = 16,
    split: str = "train",
    task: str | None = None,
    seed: int | None = None,
    time_limit: float = 60.0,
    journal: str | os.PathLike[str] | None = None,
    progress: Progress = silent,
) -> HeadSelection:
    """Choose heads so that the loss rises least. The model is not changed: see ``HeadSelection.apply``.

    The loss is modeled as quadratic in the gates of the heads, from gradients and the empirical Fisher matrix
    (`head_statistics`), and, unless ``evaluations`` is 0, from measured masks (`measured_heads`). The best
    heads under that model are a question of bits (`head_question`), which any method of ``hybrid_opt.solve``
    answers. The mask that is returned is the one whose *measured* calibration loss is lowest among the
    method's answer and the masks measured on the way; the result says which it was.

    Args:
        model: a distance-attention model, or one of transformers built as GPT-2 or BERT, with a loss.
        data: what `read_batches` takes: ``TaskData``, a data set of examples, or batches with labels.
        keep: a share of all heads (float below 1), a number of heads, or numbers per layer; half by default.
            Every layer keeps at least one.
        budget: instead of ``keep``: what the kept heads may cost.
        costs: what the budget counts: "parameters", "flops" (per example, forward), or (N,) numbers such as
            ``classical.head_latencies(model, batch).seconds``.
        method: "auto", "exact", "qaoa", "vqe", "anneal", "milp", "greedy", ..., or a solver object, see
            `solver_of`.
        compare: further methods on the same question, as in ``hybrid_opt.solve``.
        evaluations: calibration losses to measure; None for four per head, 0 for none.
        rounds: with ``evaluations=0``: how often statistics are measured again while heads go in steps; None
            for one round per eighth of the heads removed.
        redundancy: weight of the term that keeps heads apart whose outputs are alike (CKA). With it the
            method's answer is returned, for masks that were measured on the way know nothing of this term.
        linear_term: whether the gradient counts; without it only the Fisher matrix, as in Kwon et al. With
            measured masks it plays no part.
        examples: most examples to calibrate on.
        batch_size: examples per batch.
        split: part of a ``TaskData`` to calibrate on.
        task: see `read_batches`.
        seed: of everything random.
        time_limit: seconds for each run of a method.
        journal: a file that keeps the measured losses, so that the same call after a kill goes on from there;
            one that belongs to other weights or data is begun anew. None keeps nothing.
        progress: called with the share done.

    Returns:
        The selection.

    Raises:
        OptionError: an impossible choice, an unknown method, data or costs that do not fit.
        SolverError: the method found no legal mask.
        KeyboardInterrupt: ctrl-C ended the method before it had one.
        ConfigurationError: no attention known in the model.

    Example:
        >>> from hybrid_opt.classical import DistanceEncoderForSequenceClassification, load_data
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2)
        >>> model = DistanceEncoderForSequenceClassification(config)
        >>> selection = select_heads(model, data, keep=5, examples=32, evaluations=12, seed=1)
        >>> int(selection.mask.sum()), selection.solution.status
        (5, 'optimal')
    """
    used = resolve_seed(seed)
    batches = read_batches(
        data, model, split=split, examples=examples, batch_size=batch_size, task=task,
        seed=child_seed(used, "calibration"),
    )  # fmt: skip
    statistics = head_statistics(
        model, batches, similarity=redundancy > 0, progress=part_of(progress, 0.0, 0.1, "")
    )
    if keep is not None and budget is not None:
        raise OptionError("keep and budget were both given; a choice has one of them")
    kept = _read_keep(keep, statistics) if budget is None else None
    priced = None if budget is None else read_costs(model, costs, batches)
    question = HeadQuestion(statistics, kept, budget, priced, redundancy)
    solver_of(method, question)
    number = read_evaluations(evaluations, len(question.labels))
    measured: MeasuredHeads | None = None
    if number:
        told = part_of(progress, 0.1, 0.85, "")
        losses = LossJournal(model, batches, journal)
        measured = measure_heads(losses, question, number, seed=used, progress=told)
        final = replace(question, statistics=measured.model())
    else:
        told = part_of(progress, 0.1, 0.85, "")
        final = _re_estimated(model, batches, question, rounds, linear_term, used, time_limit, told)
    progress(1.0, "choosing")
    mask, solution, notes = _answer(final, method, compare, used, time_limit)
    if number and losses.known:
        notes = [f"{losses.known} losses of earlier calls were read from {journal}", *notes]
    return _selection(model, batches, question, final, mask, solution, measured, notes, used)


def _read_keep(keep: Any, statistics: HeadStatistics) -> int | tuple[int, ...]:
    """How many heads stay, from a share, a number, or numbers per layer."""
    total, layers = sum(statistics.layers), len(statistics.layers)
    if keep is None:
        return max(layers, round(total / 2))
    if isinstance(keep, int | np.integer) and not isinstance(keep, bool):
        return int(keep)
    if isinstance(keep, float | np.floating):
        if not 0 < keep < 1:
            raise OptionError(
                f"keep is {keep!r}; a share lies between 0 and 1, and a number of heads is an integer"
            )
        return max(layers, round(float(keep) * total))
    whole = isinstance(keep, Sequence) and not isinstance(keep, str)
    if not whole or not all(isinstance(k, int | np.integer) and not isinstance(k, bool) for k in keep):
        raise OptionError(
            f"keep is {keep!r}; legal are a share (0.5), a number of heads (12), or numbers per layer "
            "([3, 3])"
        )
    return tuple(int(k) for k in keep)


def _re_estimated(
    model: nn.Module,
    batches: LabelledBatches,
    question: HeadQuestion,
    rounds: int | None,
    linear_term: bool,
    seed: int,
    time_limit: float,
    progress: Progress,
) -> HeadQuestion:
    """The question whose statistics were measured where most of the heads that go are already gone."""
    total = len(question.labels)
    removed = 0 if question.keep is None else total - int(np.sum(question.keep))
    steps = max(1, ceil(removed / total / _SHARE_OF_A_ROUND)) if rounds is None else rounds
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise OptionError(f"rounds is {rounds!r}; it must be a whole number of at least 1")
    if question.keep is None:
        steps = 1  # what a budget leaves at half way is not determined
    current = _linear(question, linear_term)
    for step in range(1, steps):
        goal = _on_the_way(question, step / steps)
        answer = solve(replace(current, keep=goal).to_cqm(), "greedy", seed=seed, time_limit=time_limit)
        if answer.sample is None or not answer.feasible:
            break
        mask = current.mask(answer.sample)
        again = head_statistics(model, batches, center=mask, similarity=question.redundancy > 0)
        current = _linear(replace(question, statistics=again, fixed=np.where(mask == 0, 0, -1)), linear_term)
        progress(step / steps, "measuring again")
    return current


def _linear(question: HeadQuestion, keep_it: bool) -> HeadQuestion:
    if keep_it:
        return question
    statistics = replace(question.statistics, gradient=np.zeros_like(question.statistics.gradient))
    return replace(question, statistics=statistics)


def _on_the_way(question: HeadQuestion, share: float) -> int | tuple[int, ...] | None:
    layers = question.statistics.layers
    if isinstance(question.keep, tuple):
        pairs = zip(layers, question.keep, strict=True)
        return tuple(round(heads - (heads - kept) * share) for heads, kept in pairs)
    total = sum(layers)
    return None if question.keep is None else round(total - (total - question.keep) * share)


def _answer(
    question: HeadQuestion, method: Any, compare: Sequence[Any], seed: int, time_limit: float
) -> tuple[NDArray[np.int64], Solution, list[str]]:
    solver = solver_of(method, question)
    rivals = [solver_of(name, question, "compare") for name in compare]
    subspace = getattr(solver, "mixer", "x") != "x"
    if subspace and count_states(question) > MOST_AMPLITUDES:
        mask, solution, notes = answer_in_blocks(question, solver, seed=seed, time_limit=time_limit)
        if rivals:
            notes.append("methods to compare are left out: they would be asked about one block only")
        return mask, solution, notes
    solution = solve(question.to_cqm(), solver, compare=rivals, seed=seed, time_limit=time_limit)
    if solution.interrupted and not solution.feasible:
        raise KeyboardInterrupt  # there is no mask yet to go on with
    if not solution.feasible or solution.sample is None:
        raise SolverError(
            f"{solution.method} found no mask that keeps the number of heads and one head of each layer "
            f"({', '.join(solution.notes) or solution.status}); take numbers per layer (keep=[...]), more "
            "shots, or another method"
        )
    return question.mask(solution.sample), solution, []


def _selection(
    model: nn.Module,
    batches: LabelledBatches,
    question: HeadQuestion,
    final: HeadQuestion,
    answer: NDArray[np.int64],
    solution: Solution,
    measured: MeasuredHeads | None,
    notes: list[str],
    seed: int,
) -> HeadSelection:
    base = batches.mean_loss(model, np.ones(len(answer)))
    loss = batches.mean_loss(model, answer)
    mask, source, evaluations = answer, "the method's answer", 1
    answer_loss = loss
    if measured is not None:
        evaluations += measured.evaluations
        best, change = measured.best()
        if base + change < loss and not question.redundancy:
            mask, source, loss = best, "a mask that was measured on the way", base + change
        if measured.interrupted:
            notes = [f"ctrl-C ended the measuring after {measured.evaluations} losses", *notes]
    return HeadSelection(
        mask=mask,
        answer=answer,
        source=source,
        layers=question.statistics.layers,
        question=final,
        solution=solution,
        statistics=question.statistics,
        loss_before=base,
        loss_after=loss,
        answer_loss=answer_loss,
        evaluations=evaluations,
        seed=seed,
        notes=notes,
        interrupted=solution.interrupted or (measured is not None and measured.interrupted),
    )
