"""What a choice of content brings: effects of levels and pairs, by audience, less what production costs.

    score_a(x)   = base_a + sum_i e_i x_i + sum_(i,j) e_ij x_i x_j          i, j levels for audience a
    outcome_a(x) = size_a * score_a              linear scale
                 = size_a / (1 + exp(-score_a))  logit scale
    value(x)     = worth * sum_a outcome_a - sum of production costs

or the outcome alone where its worth in money is not stated. A level that several audiences share is produced
once: a line of its own says whether it is made, x_i <= made.

Shapes: L levels of all audiences, A audiences, M shared productions, N = L + 2 M options, S plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..planning.choice_surrogate import PairFit, fit_pairs
from ..planning.lines import LevelQuestion
from .content_columns import ContentLevels

__all__ = ["ContentModel", "Production", "TrueOutcome", "fatigued"]


def fatigued(levels: ContentLevels, effect: NDArray[np.float64], loss: float) -> NDArray[np.float64]:
    """Effects of levels that people have seen too often.

    A level loses the share ``loss`` * exposure of what it is ahead of the weakest level of its factor, so
    that the answer does not depend on which level the effects are measured against.

    Args:
        levels: the levels with their exposure.
        effect: effects, shape (L,).
        loss: share that is lost at full exposure, 0 to 1.

    Returns:
        Effects, shape (L,).
    """
    found = effect.copy()
    for own in levels.members():
        weakest = effect[own].min()
        found[own] = weakest + (effect[own] - weakest) * (1.0 - loss * levels.exposure[own])
    return found


@dataclass(frozen=True, eq=False)
class Production:
    """A level that is produced once for several audiences.

    Attributes:
        label: factor and level.
        members: its positions among the levels, one per audience.
        cost: what it costs.
        off: position of the option "not made".
        made: position of the option "made".
    """

    label: str
    members: NDArray[np.int64]
    cost: float
    off: int
    made: int


@dataclass(frozen=True, eq=False)
class ContentModel:
    """Effects and costs of all options.

    Attributes:
        levels: the levels, with their effects before fatigue.
        loss: share of its lead that a level loses at full exposure, 0 to 1.
        pairs: positions of two levels of one audience, shape (K, 2).
        pair_effect: effect of each pair, shape (K,).
        sizes: how many each audience reaches, shape (A,).
        base: score before all effects, shape (A,).
        logit: whether scores are log-odds.
        worth: money that one unit of outcome brings, None where costs are not taken off.
        own_cost: cost of levels that are produced for one audience, shape (L,).
        productions: shared ones.
    """

    levels: ContentLevels
    loss: float
    pairs: NDArray[np.int64]
    pair_effect: NDArray[np.float64]
    sizes: NDArray[np.float64]
    base: NDArray[np.float64]
    logit: bool
    worth: float | None
    own_cost: NDArray[np.float64]
    productions: Sequence[Production]

    @cached_property
    def effect(self) -> NDArray[np.float64]:
        """Effect of each level after fatigue, shape (L,)."""
        return fatigued(self.levels, self.levels.effect, self.loss)

    @property
    def options(self) -> int:
        """How many options there are, N."""
        return len(self.effect) + 2 * len(self.productions)

    def with_effects(self, effect: NDArray[np.float64], pair_effect: NDArray[np.float64]) -> ContentModel:
        """The same with other effects before fatigue, shape (L,), and of pairs, shape (K,)."""
        return replace(self, levels=replace(self.levels, effect=effect), pair_effect=pair_effect)

    def outcomes(self, units: ArrayLike) -> NDArray[np.float64]:
        """Outcome by audience: 0 or 1 per option, shape (S, N) or only the levels (S, L), to shape (S, A)."""
        chosen = np.asarray(units, dtype=np.float64)[:, : len(self.effect)]
        owners = self.levels.owner[:, None] == np.arange(len(self.sizes))
        score = self.base + (chosen * self.effect) @ owners.astype(np.float64)
        if len(self.pairs):
            both = chosen[:, self.pairs[:, 0]] * chosen[:, self.pairs[:, 1]] * self.pair_effect
            score = score + both @ owners[self.pairs[:, 0]].astype(np.float64)
        return np.asarray(self.sizes * (_chance(score) if self.logit else score))

    def costs(self, units: ArrayLike) -> NDArray[np.float64]:
        """Cost of production: 0 or 1 per option, shape (S, N), to shape (S,)."""
        chosen = np.asarray(units, dtype=np.float64)
        total = chosen[:, : len(self.effect)] @ self.own_cost
        for item in self.productions:
            total = total + item.cost * chosen[:, item.made]
        return np.asarray(total)

    def values(self, units: ArrayLike) -> NDArray[np.float64]:
        """Values of plans: 0 or 1 per option, shape (..., N), to shape (...)."""
        given = np.asarray(units)
        flat = given.reshape(-1, given.shape[-1])
        total = self.outcomes(flat).sum(axis=-1)
        if self.worth is not None:
            total = self.worth * total - self.costs(flat)
        return np.asarray(total.reshape(given.shape[:-1]))

    def settled(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same plans without the production of anything that nobody is shown, shape (S, N)."""
        found = units.copy()
        for item in self.productions:
            found[:, item.made] = units[:, item.members].max(axis=1)
            found[:, item.off] = 1 - found[:, item.made]
        return found

    def with_pairs(self) -> tuple[NDArray[np.float64], list[tuple[int, int, float]], PairFit | None]:
        """Values of options and pairs: exact on the linear scale, a least-squares fit on the logit scale.

        Returns:
            Value of every option, shape (N,), pairs of options with their value, and the worst fit.
        """
        factor = 1.0 if self.worth is None else self.worth
        values, found, widest = np.zeros(self.options), [], None
        members = self.levels.members()
        for a, size in enumerate(self.sizes.tolist()):
            groups = [own for own in members if self.levels.owner[own[0]] == a]
            if self.logit:
                fit = self._fit(a, groups)
                for own, part in zip(groups, fit.own):
                    values[own] = factor * part
                for (g, h), table in fit.pairs.items():
                    for k, i in enumerate(groups[g].tolist()):
                        own_pairs = zip(groups[h].tolist(), table[k].tolist())
                        found += [(i, j, factor * value) for j, value in own_pairs]
                widest = fit if widest is None or fit.error > widest.error else widest
            else:
                for own in groups:
                    values[own] = factor * size * self.effect[own]
                values[groups[0]] += factor * size * self.base[a]
        if not self.logit:
            scale = factor * self.sizes[self.levels.owner[self.pairs[:, 0]]] if len(self.pairs) else 1.0
            worth = (scale * self.pair_effect).tolist()
            found = [(int(i), int(j), value) for (i, j), value in zip(self.pairs.tolist(), worth)]
        if self.worth is not None:
            values[: len(self.effect)] -= self.own_cost
            for item in self.productions:
                values[item.made] = -item.cost
        return values, [pair for pair in found if pair[2]], widest

    def _fit(self, a: int, groups: Sequence[NDArray[np.int64]]) -> PairFit:
        """The model with pairs nearest to the outcome of one audience."""

        def outcome(picks: NDArray[np.int64]) -> NDArray[np.float64]:
            chosen = np.zeros((len(picks), len(self.effect)))
            for g, own in enumerate(groups):
                chosen[np.arange(len(picks)), own[picks[:, g]]] = 1.0
            return self.outcomes(chosen)[:, a]

        return fit_pairs([len(own) for own in groups], outcome)


@dataclass(frozen=True, eq=False)
class TrueOutcome:
    """The value on the logit scale, which pairs cannot express, as planning's ``TrueScore``."""

    model: ContentModel

    @property
    def name(self) -> str:
        """What it is."""
        return "true outcome by the logit"

    def values(self, chosen: ArrayLike) -> NDArray[np.float64]:
        """Values of plans: 0 or 1 per option, shape (..., N), to shape (...)."""
        return self.model.values(chosen)

    def all_values(self) -> NDArray[np.float64]:
        """Values of all selections of options, shape (2**N,), those that are no plan included."""
        return self.values((np.arange(2**self.model.options)[:, None] >> np.arange(self.model.options)) & 1)

    def program(self, question: LevelQuestion, time_limit: float) -> tuple[NDArray[np.int64], float] | None:
        """There is no program over options; see ``content_program`` for one over whole variants."""
        return None

    def program_name(self) -> str:
        """What that program would be called."""
        return f"program of the {self.name}"


def _chance(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function, without overflow."""
    small = np.exp(-np.abs(score))
    return np.asarray(np.where(score >= 0, 1.0, small) / (1.0 + small))
