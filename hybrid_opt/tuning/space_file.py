"""A search space from a YAML file, for those who do not write Python.

    metric_layer_0: [l1, dot, cosine]
    scale_factor: {low: 0.25, high: 4, log: true}
    hidden_dropout: {low: 0, high: 0.3, step: 0.1}
    moe.top_k: {low: 1, high: 4}

A list is a choice. Ends and steps that are whole numbers make whole numbers, unless the axis is logarithmic
or the setting is one that takes fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from ..classical.configuration import DistanceTransformerConfig
from ..classical.training_settings import TrainingSettings, read_yaml
from ..errors import OptionError

__all__ = ["read_search_space"]

_FRACTIONS = {
    field.name
    for kind in (DistanceTransformerConfig, TrainingSettings)
    for field in fields(kind)
    if "float" in str(field.type)
} | {"scale_factor", "metric_p"}


def read_search_space(path: str | Path) -> dict[str, BaseDistribution]:
    """Read a search space.

    Args:
        path: a YAML file: setting -> list of choices, or ``low``, ``high`` and, if wanted, ``step`` or
            ``log``.

    Returns:
        Setting -> Optuna distribution.

    Raises:
        ConfigurationError: the file cannot be read.
        OptionError: an entry is neither a list nor a range.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "space.yaml"
        ...     _ = path.write_text("num_attention_heads: {low: 1, high: 4}")
        ...     read_search_space(path)
        {'num_attention_heads': IntDistribution(high=4, log=False, low=1, step=1)}
    """
    return {str(name): _distribution(path, str(name), given) for name, given in read_yaml(path).items()}


def _distribution(path: str | Path, name: str, given: Any) -> BaseDistribution:
    try:
        if isinstance(given, list) and given:
            return CategoricalDistribution(given)
        if isinstance(given, Mapping) and {"low", "high"} <= set(given) <= {"low", "high", "step", "log"}:
            fractions = name in _FRACTIONS or name.startswith("scale_factor_layer_")
            numbers = [given[key] for key in ("low", "high", "step") if key in given]
            if not fractions and all(isinstance(number, int) for number in numbers):
                return IntDistribution(**given)
            return FloatDistribution(**given)
    except (TypeError, ValueError) as error:
        raise OptionError(f"{path}: {name} is {given!r}: {error}") from error
    raise OptionError(
        f"{path}: {name} is {given!r}; legal are a list of choices, or low and high, with step or log: true"
    )
