"""Effects of levels and pairs from tests, with standard errors, and with what the tests cannot tell apart.

    linear   rate_r  = base + sum_i e_i x_ri + sum_(i,j) e_ij x_ri x_rj + error       weights: impressions
    logit    logit of rate_r = the same, by maximum likelihood (iteratively reweighted least squares)

Effects of a factor are counted from the mean of its levels, so that every level has an error of its own.
Errors are binomial; where the rows scatter more than that, they are widened by the Pearson dispersion (P.
McCullagh and J. Nelder, "Generalized Linear Models" (1989), section 4.5). A dispersion from few rows is
uncertain: errors are then widened further, by the 97.5 % point of Student's t over that of the normal
distribution, so that 1.96 of them on either side remain an interval of 95 %. Who saw what must have been
drawn at random: nothing here corrects for variants that were shown to better audiences.

Shapes: R rows of tests, P parameters, L levels of all audiences, A audiences, K pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from ..errors import TableError
from .content_columns import ContentLevels
from .content_design import Design, ShownTests
from .content_rules import LevelPair

__all__ = ["ContentEstimate", "estimate_effects"]

STEPS = 100
ROUNDING = 1e-11
NORMAL = 1.959963984540054  # the 97.5 % point of the standard normal distribution
MOST_SCORE = 15.0  # log-odds beyond this are rates within 3e-7 of 0 or 1: the likelihood has no maximum


@dataclass(frozen=True, eq=False)
class ContentEstimate:
    """Estimated effects.

    Attributes:
        effect: effect of each level, counted from the mean of its factor, shape (L,).
        error: standard error, NaN where the tests cannot tell the effect, shape (L,).
        base: score of the mean of all levels by audience, shape (A,).
        pairs: pairs of levels with their effects and errors, K of them.
        covariance: of all effects, levels first and then pairs, shape (L + K, L + K).
        table: audience, level, other, effect, error, t (their ratio).
        notes: what the tests cannot tell, and where their errors were widened.
    """

    effect: NDArray[np.float64]
    error: NDArray[np.float64]
    base: NDArray[np.float64]
    pairs: list[LevelPair]
    covariance: NDArray[np.float64]
    table: pd.DataFrame
    notes: list[str]


def estimate_effects(
    tests: ShownTests, levels: ContentLevels, interactions: Sequence[tuple[str, str]] = (), *, logit: bool
) -> ContentEstimate:
    """Estimate the effects of all levels, each audience from its own tests.

    Args:
        tests: what was shown to whom, and what came of it.
        levels: the levels of the plan.
        interactions: pairs of factors whose levels may have effects together.
        logit: whether effects are log-odds, else parts of the rate.

    Returns:
        The estimate.

    Raises:
        TableError: a level without tests, tests that do not tell the audiences of the plan apart, or rates
            of 0 or 1 on the logit scale.
        OptionError: an interaction of factors that the plan does not have.

    Example:
        >>> from hybrid_opt.marketing.content_columns import read_levels
        >>> from hybrid_opt.marketing.content_design import read_tests
        >>> tests = read_tests(pd.DataFrame(
        ...     {"image": ["photo", "chart"], "impressions": [100, 100], "conversions": [20, 10]}))
        >>> found = estimate_effects(tests, read_levels(tests.levels(), estimated=True), logit=False)
        >>> found.effect.round(3).tolist(), found.base.round(3).tolist()
        ([0.05, -0.05], [0.15])
    """
    if len(levels.audiences) > 1 and not tests.audiences:
        raise TableError(
            f"the plan has the audiences {', '.join(levels.audiences)}, but the table of tests does not tell "
            "them apart; add the column audience"
        )
    count = len(levels.factor)
    effect, error = np.zeros(count), np.full(count, np.nan)
    base, notes = np.zeros(len(levels.audiences)), list[str]()
    pairs: list[LevelPair] = []
    blocks: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    for a, audience in enumerate(levels.audiences):
        design = Design.of(tests, levels, a, interactions)
        notes += design.notes
        confounded = design.confounded()
        if confounded:
            notes.append(
                f"the tests cannot tell apart, for {audience!r}: {', '.join(confounded)}; their effects are "
                "shared out among them (least norm) and have no standard error. Test them apart"
            )
        found, variance = (_logit if logit else _linear)(design, audience, notes)
        own, doubt = design.effects @ found, design.effects @ variance @ design.effects.T
        deviation = np.where(design.hidden(), np.nan, np.sqrt(np.maximum(np.diag(doubt), 0.0)))
        own_count = len(design.members)
        effect[design.members], error[design.members] = own[:own_count], deviation[:own_count]
        base[a] = float(design.base @ found)
        at = np.concatenate([design.members, count + len(pairs) + np.arange(len(design.pairs))])
        blocks.append((at.astype(np.int64), doubt))
        for k, (i, j) in enumerate(design.pairs, start=own_count):
            pairs.append(LevelPair(i, j, len(pairs), float(own[k]), float(deviation[k])))
    covariance = np.zeros((count + len(pairs),) * 2)
    for at, doubt in blocks:
        covariance[np.ix_(at, at)] = doubt
    table = _table(levels, effect, error, pairs)
    return ContentEstimate(effect, error, base, pairs, covariance, table, notes)


def _table(
    levels: ContentLevels, effect: NDArray[np.float64], error: NDArray[np.float64], pairs: Sequence[LevelPair]
) -> pd.DataFrame:
    names = [f"{factor} = {level}" for factor, level in zip(levels.factor, levels.level)]
    who = [levels.audiences[a] for a in levels.owner]
    rows = [(who[i], names[i], "", effect[i], error[i]) for i in range(len(names))]
    rows += [(who[p.first], names[p.first], names[p.other], p.effect, p.error) for p in pairs]
    table = pd.DataFrame(rows, columns=["audience", "level", "other", "effect", "error"])
    table["t"] = table["effect"] / table["error"].where(table["error"] > 0)
    return table


def _linear(
    design: Design, audience: str, notes: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted least squares on the rates; errors from the binomial variance of every row."""
    x, shown = design.x, design.shown
    rate = design.worked / shown
    inverse = np.linalg.pinv(x.T @ (shown[:, None] * x), rcond=ROUNDING, hermitian=True)
    found = inverse @ x.T @ design.worked
    # Half a conversion is added on either side, as a rate of 0 has a variance too.
    smooth = (design.worked + 0.5) / (shown + 1.0)
    spread = smooth * (1.0 - smooth)
    variance = inverse @ x.T @ ((shown * spread)[:, None] * x) @ inverse
    scatter = float((shown * (rate - x @ found) ** 2 / spread).sum())
    widened = variance * _dispersion(design, scatter, audience, notes)
    return found, np.asarray(widened, dtype=np.float64)


def _logit(
    design: Design, audience: str, notes: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Maximum likelihood of the binomial logit by Newton steps."""
    x, shown, worked = design.x, design.shown, design.worked
    for k, name in enumerate(design.names):
        own = x[:, k] > 0
        if worked[own].sum() in (0.0, shown[own].sum()):
            raise TableError(
                f"all or none of the impressions of {name} worked for {audience!r} in the table of tests, "
                "which has no log-odds; test longer, or take scale='linear'"
            )
    start = float(np.log(worked.sum() / (shown.sum() - worked.sum())))
    found = np.zeros(x.shape[1])
    found[0] = start
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-x @ found))
        weight = shown * chance * (1.0 - chance)
        inverse = np.linalg.pinv(x.T @ (weight[:, None] * x), rcond=ROUNDING, hermitian=True)
        step = inverse @ x.T @ (worked - shown * chance)
        found = found + step
        if not np.isfinite(found).all() or np.abs(x @ found).max() > MOST_SCORE:
            break
        if np.abs(step).max() < 1e-10:
            chance = 1.0 / (1.0 + np.exp(-x @ found))
            weight = shown * chance * (1.0 - chance)
            inverse = np.linalg.pinv(x.T @ (weight[:, None] * x), rcond=ROUNDING, hermitian=True)
            scatter = float(((worked - shown * chance) ** 2 / weight).sum())
            widened = inverse * _dispersion(design, scatter, audience, notes)
            return np.asarray(found, dtype=np.float64), np.asarray(widened, dtype=np.float64)
    raise TableError(
        f"the logit of the tests of {audience!r} has no maximum: some combination of levels always or never "
        "worked; test longer, name fewer interactions, or take scale='linear'"
    )


def _dispersion(design: Design, scatter: float, audience: str, notes: list[str]) -> float:
    """Factor of all variances: above 1 where the rows scatter more than chance does, by Student's t then."""
    rest = len(design.x) - (design.x.shape[1] - design.null().shape[1])
    if rest < 1:
        notes.append(
            f"the tests of {audience!r} have as many effects as rows: whether the model fits cannot be seen"
        )
        return 1.0
    if scatter <= rest:
        return 1.0
    student = float(stdtrit(rest, 0.975)) / NORMAL
    wider = float(np.sqrt(scatter / rest))
    notes.append(
        f"the rows of the tests of {audience!r} scatter more than chance: all errors are "
        f"{wider * student:.3g} times as large, {wider:.3g} for the scatter and {student:.3g} "
        f"(Student's t) as only {rest} {'row' if rest == 1 else 'rows'} beyond the effects tell it"
    )
    return (wider * student) ** 2
