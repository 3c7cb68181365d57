"""Response curves of all lines behind one interface, from a table or from Hill parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import PlanError, TableError
from .curve_table import TableCurve, curve_columns, read_curves
from .hill import HILL_PARAMETERS, HillCurve, read_hill
from .money import money_text
from .table import TableSource, nearest, read_raw
from .vocabulary import CHANNELS, Vocabulary

__all__ = ["ResponseCurves"]


class ResponseCurves:
    """What each line, such as a channel, brings at each amount.

    Between the rows of a curve table the response is linear. Below its first row it is never invented: add a
    row at spend 0. Beyond its last row it is refused, unless ``extrapolate`` is set: then the last response
    is held, flat, so that no gain can come from spend that nobody has measured.

    Args:
        curves: name of the line -> curve.
        extrapolate: hold the last response of a curve table beyond its last row.
        words: what the task calls its lines, amounts and values.

    Example:
        >>> curves = ResponseCurves({"tv": TableCurve(np.array([0.0, 10.0]), np.array([0.0, 40.0]))})
        >>> curves.response("tv", [5.0, 10.0])
        array([20., 40.])
        >>> curves.limit("tv")
        10.0
    """

    def __init__(
        self,
        curves: Mapping[str, TableCurve | HillCurve],
        *,
        extrapolate: bool = False,
        words: Vocabulary = CHANNELS,
    ) -> None:
        self._curves = dict(curves)
        self._words = words
        self.extrapolate = extrapolate

    @classmethod
    def from_table(
        cls, source: TableSource, *, extrapolate: bool = False, words: Vocabulary = CHANNELS
    ) -> ResponseCurves:
        """Read curves from a table (channel, spend, response, optional lo and hi).

        Args:
            source: path of a .csv or .xlsx file, or a DataFrame.
            extrapolate: hold the last response beyond the last row instead of refusing.
            words: what the task calls its lines, amounts and values.

        Raises:
            TableError: anything wrong in the table, with row and column.
        """
        return cls(read_curves(source, words), extrapolate=extrapolate, words=words)

    @classmethod
    def from_hill(cls, source: TableSource, *, words: Vocabulary = CHANNELS) -> ResponseCurves:
        """Read Hill parameters (channel, theta, alpha, K, beta), see ``hybrid_opt.planning.hill``.

        Args:
            source: path of a .csv or .xlsx file, or a DataFrame.
            words: what the task calls its lines.

        Raises:
            TableError: anything wrong in the table, with row and column.
        """
        return cls(read_hill(source, words), words=words)

    @classmethod
    def read(
        cls, source: TableSource, *, extrapolate: bool = False, words: Vocabulary = CHANNELS
    ) -> ResponseCurves:
        """Read either kind of table, told apart by its columns.

        Args:
            source: path of a .csv or .xlsx file, or a DataFrame.
            extrapolate: as in ``from_table``; Hill curves have no end.
            words: what the task calls its lines, amounts and values.

        Raises:
            TableError: the columns fit neither kind, or anything else wrong in the table.
        """
        raw = read_raw(source, (*curve_columns(words), *HILL_PARAMETERS), name="curve table")
        kinds = {"points": curve_columns(words)[1:3], "hill": HILL_PARAMETERS}
        found = {kind for kind, columns in kinds.items() if {c.name for c in columns} & set(raw.header)}
        if len(found) != 1:
            wrong = "belong to both kinds of curves" if found else "fit neither kind of curves"
            raise TableError(
                f"{raw.name}, {raw.header_place}: the columns {', '.join(raw.labels)} {wrong}; give either"
                f" {words.line}, {words.amount}, {words.value} (and perhaps lo, hi), or {words.line}, theta,"
                " alpha, K, beta"
            )
        if found == {"hill"}:
            return cls.from_hill(source, words=words)
        return cls.from_table(source, extrapolate=extrapolate, words=words)

    @property
    def labels(self) -> list[str]:
        """Names of the lines in the order of the table."""
        return list(self._curves)

    @property
    def channels(self) -> list[str]:
        """The same, as the budget task calls its lines."""
        return list(self._curves)

    @property
    def notes(self) -> list[str]:
        """What a reader of the plan should know: curves that fall somewhere."""
        return [note for channel in self._curves for note in self.notes_of(channel)]

    def notes_of(self, channel: str) -> list[str]:
        """What a reader should know of one channel's curve.

        Args:
            channel: its name.

        Raises:
            PlanError: unknown channel.
        """
        curve = self._curve(channel)
        falls = curve.falls() if isinstance(curve, TableCurve) else []
        listed = ", ".join(f"from {money_text(a)} to {money_text(b)}" for a, b in falls)
        return [f"the {self._words.value} of {channel!r} decreases {listed}"] if falls else []

    def response(self, channel: str, spends: ArrayLike) -> NDArray[np.float64]:
        """Response of a channel.

        Args:
            channel: its name.
            spends: money per period, any shape.

        Returns:
            Response per period, same shape.

        Raises:
            PlanError: unknown channel, or a spend at which the curve says nothing.
        """
        return self._curve(channel).response(self._covered(channel, spends))

    def interval(
        self, channel: str, spends: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Interval of a channel's response.

        Args:
            channel: its name.
            spends: money per period, any shape.

        Returns:
            Lower and upper ends, same shape, or None where the curve has no interval.

        Raises:
            PlanError: unknown channel, or a spend at which the curve says nothing.
        """
        covered = self._covered(channel, spends)
        curve = self._curve(channel)
        return curve.interval(covered) if isinstance(curve, TableCurve) else None

    def start(self, channel: str) -> float:
        """Lowest spend at which the response is known: the first row, or 0 of a Hill curve."""
        curve = self._curve(channel)
        return float(curve.spends[0]) if isinstance(curve, TableCurve) else 0.0

    def limit(self, channel: str) -> float:
        """Highest spend with data: the last row, or infinity of a Hill curve."""
        curve = self._curve(channel)
        return float(curve.spends[-1]) if isinstance(curve, TableCurve) else math.inf

    def points(
        self, channel: str, up_to: float | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points of a curve, for plotting.

        Args:
            channel: its name.
            up_to: where a Hill curve is cut; four times the spend of half saturation where None. The rows
                of a curve table are returned as they are.

        Returns:
            Spends and responses, shape (points,) each.

        Raises:
            PlanError: unknown channel.
        """
        curve = self._curve(channel)
        if isinstance(curve, TableCurve):
            return curve.spends.copy(), curve.responses.copy()
        spends = np.linspace(0.0, 4 * curve.K * (1 - curve.theta) if up_to is None else up_to, 201)
        return spends, curve.response(spends)

    def is_concave(self, channel: str, grid: Sequence[float] | NDArray[np.float64]) -> bool:
        """Say whether each further unit of money brings no more than the one before, on a grid.

        Args:
            channel: its name.
            grid: increasing spends, shape (levels,).

        Returns:
            True where the slopes between neighbouring spends never rise (beyond rounding).

        Raises:
            PlanError: unknown channel, or a spend at which the curve says nothing.
        """
        spends = np.asarray(grid, dtype=np.float64)
        values = self.response(channel, spends)
        if len(spends) < 3:
            return True
        slopes = np.diff(values) / np.diff(spends)
        rounding = 8 * np.finfo(np.float64).eps * np.abs(values).max() / np.diff(spends).min()
        return bool((np.diff(slopes) <= rounding).all())

    def _curve(self, channel: str) -> TableCurve | HillCurve:
        if channel not in self._curves:
            near = nearest(channel, self._curves)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(self._curves) or 'none'}"
            raise PlanError(f"there is no curve of {channel!r}; {hint}")
        return self._curves[channel]

    def _covered(self, channel: str, spends: ArrayLike) -> NDArray[np.float64]:
        wanted = np.asarray(spends, dtype=np.float64)
        start, limit = self.start(channel), self.limit(channel)
        amount, value = self._words.amount, self._words.value
        if not np.isfinite(wanted).all():
            legal = f"legal is {self._words.measure} from {money_text(start)}"
            raise PlanError(f"a {amount} of {channel!r} is not finite; {legal}")
        if wanted.size and wanted.min() < start:
            what = f"add a row at {amount} 0" if start else f"{amount} is never negative"
            raise PlanError(
                f"the curve of {channel!r} starts at {money_text(start)}, but its {value} at"
                f" {money_text(wanted.min())} is needed; {what}"
            )
        if wanted.size and wanted.max() > limit and not self.extrapolate:
            raise PlanError(
                f"the curve of {channel!r} ends at {money_text(limit)}, but its {value} at"
                f" {money_text(wanted.max())} is needed; lower the maximum, add rows to the curve, or"
                f" set extrapolate=True to hold its last {value}"
            )
        return wanted
