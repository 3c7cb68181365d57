"""One choice per group: the same selection with one variable per group instead of one per option.

A task of choices (a price for every product, a headline for every mail) is a selection that takes exactly one
option of every group. As such it has limits, reasons and tables like any other. Solvers do better with one
variable per group, whose levels are the options: products of two groups are linearized together, and the
groups are one-hot for the subspace engine.

Shapes: G groups, N options of all groups together, S plans; a *pick* holds one option per group, shape (G,).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PlanError
from ..qubo import LevelModel
from .lines import LevelQuestion

__all__ = ["ChoiceForm"]


@dataclass(frozen=True, eq=False)
class ChoiceForm:
    """A question about choices, by groups.

    Attributes:
        groups: names of the groups, G of them.
        options: per group the positions of its options among the lines of the question; options that are held
            at 0 are left out, and all others where one is held at 1.
        labels: names of all lines, N of them.
        values: per group the value of each option.
        pairs: groups (g, h) with g < h -> value of each pair of options.
        rows: limits: label, weight of every line, shape (N,), and the most of their sum.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(f"{g}{k}", [0, 1], [0.0, float(k)], g) for g in "ab" for k in range(3)]
        >>> form = ChoiceForm.of(LevelQuestion(lines, 2, caps={"a": 1, "b": 1}))
        >>> form.groups, form.size, form.value(np.array([2, 4]))
        (['a', 'b'], 9, 3.0)
    """

    groups: list[str]
    options: Sequence[NDArray[np.int64]]
    labels: list[str]
    values: Sequence[NDArray[np.float64]]
    pairs: dict[tuple[int, int], NDArray[np.float64]]
    rows: Sequence[tuple[str, NDArray[np.int64], int]]

    @classmethod
    def of(cls, question: LevelQuestion) -> ChoiceForm:
        """Read a selection that takes exactly one line of every group.

        Args:
            question: lines of 0 and 1, each in a group with a cap of 1; exactly as many as there are groups.

        Returns:
            The same question by groups.

        Raises:
            PlanError: the question is no such selection, or a group has no option left, or two held ones.
        """
        groups = list(dict.fromkeys(str(line.group) for line in question.lines))
        capped = all(question.caps.get(group) == 1 for group in groups)
        if question.spend != "exactly" or question.budget != len(groups) or not capped:
            raise PlanError("this is no choice of one option per group; give every group a cap of 1")
        place: dict[int, tuple[int, int]] = {}
        options, values = [], []
        for g, group in enumerate(groups):
            members = question.members(group)
            held = [i for i in members if question.lines[i].spends[0] == 1]
            left = held or [i for i in members if question.lines[i].spends[-1] == 1]
            if len(held) > 1 or not left:
                what = "two options that must be taken" if held else "no option left"
                raise PlanError(f"group {group!r} has {what}; exactly one of its options is chosen")
            place |= {i: (g, k) for k, i in enumerate(left)}
            options.append(np.array(left, dtype=np.int64))
            values.append(np.array([float(question.lines[i].values[-1]) for i in left]))
        tables: dict[tuple[int, int], NDArray[np.float64]] = {}
        for pair in question.synergies:
            if pair.first in place and pair.second in place:
                (g, k), (h, m) = sorted((place[pair.first], place[pair.second]))
                if g != h:
                    table = tables.setdefault((g, h), np.zeros((len(options[g]), len(options[h]))))
                    table[k, m] += question.product_value(pair)
        rows = []
        for side in question.sides:
            weights = np.array(side.weights, dtype=np.int64)
            rows += [] if side.high is None else [(side.label, weights, side.high)]
            rows += [] if side.low is None else [(f"{side.label} (at least)", -weights, -side.low)]
        return cls(groups, options, [line.label for line in question.lines], values, tables, rows)

    @property
    def size(self) -> int:
        """How many plans there are, feasible or not."""
        return prod(len(own) for own in self.options)

    def values_of(self, picks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values by the model with pairs: the chosen line of each group, shape (S, G), to shape (S,)."""
        at = [np.searchsorted(own, picks[:, g]) for g, own in enumerate(self.options)]
        total = np.sum([own[k] for own, k in zip(self.values, at)], axis=0)
        for (g, h), table in self.pairs.items():
            total = total + table[at[g], at[h]]
        return np.asarray(total, dtype=np.float64)

    def value(self, pick: NDArray[np.int64]) -> float:
        """Value of one plan, shape (G,), by the model with pairs."""
        return float(self.values_of(pick[None, :])[0])

    def units(self, picks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Plans as 0 or 1 per line: chosen lines, shape (S, G), to shape (S, N)."""
        found = np.zeros((len(picks), len(self.labels)), dtype=np.int64)
        found[np.arange(len(picks))[:, None], picks] = 1
        return found

    def picked(self, units: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """The chosen line of each group, shape (G,), of 0 or 1 per line, shape (N,)."""
        return np.array([own[int(np.argmax(units[own]))] for own in self.options], dtype=np.int64)

    def neighbors(self, pick: NDArray[np.int64]) -> NDArray[np.int64]:
        """The plan and all that differ from it in one or two groups, feasible ones only, shape (S, G)."""
        found = [pick]
        for g, own in enumerate(self.options):
            for line in own[own != pick[g]].tolist():
                one = pick.copy()
                one[g] = line
                found.append(one)
                for h in range(g + 1, len(self.options)):
                    others = self.options[h][self.options[h] != pick[h]]
                    two = np.repeat(one[None, :], len(others), axis=0)
                    two[:, h] = others
                    found += list(two)
        tried = np.array(found)
        for _, weights, high in self.rows:
            tried = tried[weights[tried].sum(axis=1) <= high]
        return tried

    def model(self) -> LevelModel:
        """The question as a ``LevelModel`` to minimize: one variable per group, its levels the options.

        A limit on options of two groups becomes one row per pair of options that breaks it: such a row needs
        no slack in a QUBO.
        """
        model = LevelModel()
        for group, own in zip(self.groups, self.values):
            model.add_variable(group, -own)
        for (g, h), table in self.pairs.items():
            model.add_pair(self.groups[g], self.groups[h], table=-table)
        for label, weights, high in self.rows:
            used = [weights[own] for own in self.options]
            # What a group uses at least is no matter of choice.
            room = high - sum(int(use.min()) for use in used)
            used = [use - use.min() for use in used]
            if sum(int(use.max()) for use in used) <= room:
                continue
            among = [g for g, use in enumerate(used) if use.any()]
            if len(among) == 2 and room >= 0:
                self._forbid(model, label, among, used, room)
            else:
                terms = {self.groups[g]: used[g].astype(np.float64).tolist() for g in among}
                model.add_constraint(terms, "<=", float(room), label=label)
        return model

    def _forbid(
        self, model: LevelModel, label: str, among: list[int], used: list[NDArray[np.int64]], room: int
    ) -> None:
        """Rows against pairs that break a limit: one option of a group, and all of the other that clash."""
        g, h = among
        for k, use in enumerate(used[g].tolist()):
            banned = (use + used[h] > room).astype(np.float64)
            if banned.any():
                own = np.zeros(len(used[g]))
                own[k] = 1.0
                terms: dict[Any, Any] = {self.groups[g]: own.tolist(), self.groups[h]: banned.tolist()}
                name = f"{label}: {self.labels[int(self.options[g][k])]}"
                model.add_constraint(terms, "<=", 1.0, label=name)

    def pick(self, sample: Any) -> NDArray[np.int64]:
        """A sample of ``model()`` as the chosen line of each group, shape (G,)."""
        return np.array([own[int(sample[g])] for g, own in zip(self.groups, self.options)], dtype=np.int64)
