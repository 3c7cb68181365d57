"""A recipe: everything that decides about a trained model but the seed, as plain values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..classical.configuration import DistanceTransformerConfig
from ..classical.training_settings import TrainingSettings

__all__ = ["Recipe", "plain_settings"]

_LENGTH = 16  # digits of a key: 64 bits


def plain_settings(config: DistanceTransformerConfig) -> dict[str, Any]:
    """The settings of a model as JSON values, without the version of the library.

    Args:
        config: the configuration.

    Returns:
        Name -> value, equal after a round trip through JSON.

    Example:
        >>> settings = plain_settings(DistanceTransformerConfig(hidden_size=32, num_attention_heads=4))
        >>> settings["hidden_size"], "transformers_version" in settings
        (32, False)
    """
    settings = config.to_dict()
    settings.pop("transformers_version", None)
    found: dict[str, Any] = json.loads(json.dumps(settings))
    return found


@dataclass(frozen=True, eq=False)
class Recipe:
    """What is trained, how, and what is done with the trained model.

    Args:
        model: settings of the model, see `plain_settings`.
        training: settings of the training, performance callbacks included; the seed in it is not used.
        reassignment: settings of ``tuning.ExpertReassignment`` during training, or None.
        heads: after training, choose the heads that stay: ``keep`` (numbers per layer), ``method``,
            ``compare``; None keeps all.

    Example:
        >>> config = DistanceTransformerConfig(hidden_size=32, num_attention_heads=4)
        >>> recipe = Recipe.of(config, TrainingSettings())
        >>> other = recipe.with_training(learning_rate=0.01)
        >>> recipe.changes_to(other), recipe.key == Recipe.from_dict(recipe.to_dict()).key
        (['learning_rate: 0.001 -> 0.01'], True)
    """

    model: Mapping[str, Any]
    training: TrainingSettings
    reassignment: Mapping[str, Any] | None = None
    heads: Mapping[str, Any] | None = field(default=None)

    @classmethod
    def of(cls, config: DistanceTransformerConfig, training: TrainingSettings) -> Recipe:
        """The recipe of a configuration as it is.

        Args:
            config: of the model.
            training: of the training.

        Returns:
            The recipe.
        """
        return cls(plain_settings(config), training)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe of what `to_dict` gave."""
        return cls(
            values["model"],
            TrainingSettings.from_dict(values["training"]),
            values["reassignment"],
            values["heads"],
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        content = {
            "model": dict(self.model),
            "training": self.training.replaced(seed=0).to_dict(),
            "reassignment": self.reassignment,
            "heads": self.heads,
        }
        found: dict[str, Any] = json.loads(json.dumps(content))
        return found

    @property
    def key(self) -> str:
        """A name that only equal recipes share."""
        return _hashed(self.to_dict())

    @property
    def trained_key(self) -> str:
        """A name shared by recipes that train alike, whatever happens afterwards."""
        return _hashed({**self.to_dict(), "heads": None})

    def configuration(self) -> DistanceTransformerConfig:
        """The configuration of the model."""
        found: DistanceTransformerConfig = DistanceTransformerConfig.from_dict(dict(self.model))
        return found

    def with_model(self, **settings: Any) -> Recipe:
        """A copy with other settings of the model.

        Args:
            **settings: settings of ``DistanceTransformerConfig``.

        Returns:
            The copy.

        Raises:
            ConfigurationError: settings that contradict each other.
        """
        config = DistanceTransformerConfig.from_dict({**self.model, **settings})
        return replace(self, model=plain_settings(config))

    def with_training(self, **settings: Any) -> Recipe:
        """A copy with other settings of the training."""
        return replace(self, training=self.training.replaced(**settings))

    def with_callback(self, name: str, **settings: Any) -> Recipe:
        """A copy with one more performance callback.

        Args:
            name: see ``TrainingSettings.callbacks``.
            **settings: of the callback.

        Returns:
            The copy; a callback of that name is replaced.
        """
        return self.with_training(callbacks={**self.training.callbacks, name: settings})

    def changes_to(self, other: Recipe) -> list[str]:
        """What another recipe has otherwise, one line per setting.

        Args:
            other: the other recipe.

        Returns:
            Lines such as ``learning_rate: 0.001 -> 0.01``.
        """
        mine, theirs = self.to_dict(), other.to_dict()
        lines = []
        for part in ("model", "training"):
            old, new = mine[part], theirs[part]
            for name in dict.fromkeys([*old, *new]):
                if name == "callbacks":
                    lines += _callback_lines(old.get(name) or {}, new.get(name) or {})
                elif old.get(name) != new.get(name):
                    lines.append(f"{name}: {_text(old.get(name))} -> {_text(new.get(name))}")
        for part in ("reassignment", "heads"):
            if mine[part] != theirs[part]:
                lines.append(f"{part}: {_text(mine[part])} -> {_text(theirs[part])}")
        return lines


def _callback_lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {'on' if name in new else 'off'}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping) and "name" in value:
        return str(value["name"])
    return ", ".join(f"{key} {_text(one)}" for key, one in value.items()) if isinstance(value, Mapping) else (
        f"[{', '.join(map(_text, value))}]" if isinstance(value, list) else str(value)
    )


def _hashed(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_LENGTH]
