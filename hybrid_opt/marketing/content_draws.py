"""How often each level stays chosen when effects are drawn from their errors.

Each draw moves every effect by a normal number of its standard error, pairs included; fatigue comes after the
draw, as it takes a share of what a level is ahead. Effects that come from
one row of a table are one estimate and move together in all audiences that they serve. The plan is solved
again with the drawn effects, on the logit scale in the true model. Effects that were estimated from tests are
drawn together, with their covariance. Where tests cannot tell effects apart, that covariance moves them only
along the direction that the tests see: how often such a level is best is not known.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..planning.lines import LevelQuestion, Line, Synergy
from ..planning.proven_answer import ProvenAnswer
from ..planning.stability import Stability
from ..seeds import child_seed
from .content_model import ContentModel, TrueOutcome
from .content_rules import LevelPair

if TYPE_CHECKING:
    from .content import ContentPlanner

__all__ = ["content_stability", "drawn_question"]


def drawn_question(question: LevelQuestion, model: ContentModel) -> LevelQuestion:
    """The same question with the values of another model, such as one whose effects were drawn."""
    values, pairs, _ = model.with_pairs()
    lines = [
        Line(line.label, line.spends, (line.spends * float(value)).astype(np.float64), line.group)
        for line, value in zip(question.lines, values)
    ]
    return replace(question, lines=lines, synergies=[Synergy(i, j, value) for i, j, value in pairs])


def content_stability(
    planner: ContentPlanner,
    question: LevelQuestion,
    proven: ProvenAnswer,
    pairs: Sequence[LevelPair],
    *,
    draws: int,
    seed: int,
    time_limit: float,
    notes: list[str],
) -> Stability | None:
    """Solve the plan again for draws of its effects.

    Args:
        planner: the planner.
        question: its question.
        proven: its answer.
        pairs: the pairs with their errors.
        draws: how many.
        seed: makes them repeatable.
        time_limit: seconds for all of them; those solved until then are returned.
        notes: takes what a reader should know.

    Returns:
        The best plan and the plan's value in each draw; None where no effect has an error.
    """
    model = planner.model
    error, row = model.levels.error, model.levels.row
    pair_error = np.array([pair.error for pair in pairs], dtype=np.float64)
    pair_row = np.array([pair.row for pair in pairs], dtype=np.int64)
    tested = planner.estimate is not None
    if not (error > 0).any() and not (pair_error > 0).any():
        why = "from the tests has a standard error" if tested else "has a standard error (column error)"
        notes.append(f"stability was left out: no effect {why}")
        return None
    unknown = int(np.isnan(error).sum() + np.isnan(pair_error).sum())
    if unknown and tested:
        notes.append(
            f"stability: {unknown} effects cannot be told apart; they were drawn along the direction that "
            "the tests see only, and how often such a level stays chosen is left blank"
        )
    elif unknown:
        notes.append(f"stability: {unknown} effects have no standard error and were not drawn")
    random = np.random.default_rng(child_seed(seed, "draws of effects"))
    if planner.estimate is not None:
        moves = _with_covariance(planner.estimate.covariance, draws, random)
        own, joint = moves[:, : len(error)], moves[:, len(error) :]
        return _solved(planner, question, proven, own, joint, seed=seed, time_limit=time_limit)
    own = random.standard_normal((draws, int(row.max()) + 1))[:, row] * np.nan_to_num(error)
    joint = np.zeros((draws, len(pairs)))
    if len(pairs):
        joint = random.standard_normal((draws, int(pair_row.max()) + 1))[:, pair_row]
        joint = joint * np.nan_to_num(pair_error)
    return _solved(planner, question, proven, own, joint, seed=seed, time_limit=time_limit)


def _with_covariance(
    covariance: NDArray[np.float64], draws: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Normal numbers with a covariance, which may be singular: shape (draws, of the covariance)."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(random.standard_normal((draws, len(values))) @ root.T)


def _solved(
    planner: ContentPlanner,
    question: LevelQuestion,
    proven: ProvenAnswer,
    own: NDArray[np.float64],
    joint: NDArray[np.float64],
    *,
    seed: int,
    time_limit: float,
) -> Stability:
    """Answers for moves of effects, shape (draws, L), and of pairs, shape (draws, K)."""
    deadline = monotonic() + time_limit
    spends, best, kept = [], [], []
    for number, (move, pair_move) in enumerate(zip(own, joint)):
        if number and monotonic() > deadline:
            break
        # What is drawn is the effect that was stated; fatigue then takes its share of the drawn lead.
        before = planner.model.levels.effect
        model = planner.model.with_effects(before + move, planner.model.pair_effect + pair_move)
        drawn = copy.copy(planner)
        drawn.model = model
        drawn.truth = TrueOutcome(model) if model.logit else None
        asked = drawn_question(question, model)
        answer = drawn._prove(asked, start=proven.choice, time_limit=time_limit)
        spends.append(asked.spends(answer.choice))
        best.append(answer.value)
        kept.append(drawn._score(asked, proven.choice))
    return Stability(len(own), np.array(spends), np.array(best), np.array(kept), seed)
