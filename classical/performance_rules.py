"""What the rules behind the performance callbacks share: settings that are checked and plain to store.

A rule is a frozen record of numbers with the formulas that use them. It knows nothing of torch or
transformers, so that settings can be read and refused before any library is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, TypeVar

from .errors import ConfigurationError
from .setting_names import check_names

__all__ = ["PerformanceRule"]

Rule = TypeVar("Rule", bound="PerformanceRule")


@dataclass(frozen=True)
class PerformanceRule:
    """Base of the rules.

    Attributes:
        name: the key of the rule in ``TrainingSettings.callbacks``.
    """

    name: ClassVar[str] = "performance"

    @classmethod
    def from_settings(cls: type[Rule], settings: Mapping[str, Any] | None) -> Rule:
        """The rule from a mapping, as a YAML file gives it.

        Args:
            settings: fields and values; None or what is left out takes the defaults.

        Returns:
            The rule.

        Raises:
            ConfigurationError: no mapping, an unknown name, a value that is not legal, or a field without
                default left out.

        Example:
            >>> from hybrid_opt.classical.progress_rule import ProgressRule
            >>> ProgressRule.from_settings({"patience": 3, "threshold": "1e-3"}).threshold
            0.001
        """
        if settings is not None and not isinstance(settings, Mapping):
            raise ConfigurationError(
                f"{cls.name} is {settings!r}; it must be a mapping of settings, {{}} for the defaults"
            )
        given = {} if settings is None else dict(settings)
        check_names(given, [field.name for field in fields(cls)], f"setting of {cls.name}")
        return cls(**{name: _plain(value) for name, value in given.items()})

    def to_dict(self) -> dict[str, Any]:
        """Every field as a JSON value."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }

    def _check_number(
        self, field: str, low: float, high: float, *, open_low: bool = False, open_high: bool = False
    ) -> None:
        """Refuse a field that is no number within a range."""
        value = getattr(self, field)
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        above = number and (value > low if open_low else value >= low)
        below = number and (value < high if open_high else value <= high)
        if not (above and below):
            start = f"above {low:g}" if open_low else f"of at least {low:g}"
            stop = f"below {high:g}" if open_high else f"at most {high:g}"
            end = "" if math.isinf(high) else f" and {stop}"
            raise ConfigurationError(f"{field} of {self.name} is {value!r}; it must be a number {start}{end}")

    def _check_whole(self, field: str, at_least: int) -> None:
        """Refuse a field that is no whole number, or too small."""
        value = getattr(self, field)
        if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
            raise ConfigurationError(
                f"{field} of {self.name} is {value!r}; it must be a whole number of at least {at_least}"
            )

    def _check_order(self, first: str, second: str, *, strict: bool) -> None:
        """Refuse two fields whose values stand in the wrong order."""
        low, high = getattr(self, first), getattr(self, second)
        if low > high or (strict and low == high):
            relation = "below" if strict else "at most"
            raise ConfigurationError(
                f"{first} of {self.name} is {low!r} and {second} is {high!r}; {first} must be {relation} "
                f"{second}"
            )


def _plain(value: Any) -> Any:
    """Numbers written as text (YAML 1.1 reads 1e-3 so) as numbers, lists as tuples."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value
