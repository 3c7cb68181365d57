"""A whole run from a file or from flags: data, model, settings and folder, checked before the work."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch

from .data_registry import load_data
from .errors import ConfigurationError
from .task_data import TaskData, model_setting_names
from .trained_folder import model_class
from .training_settings import TrainingSettings, check_names, read_yaml

__all__ = ["MODEL_DEFAULTS", "TrainingRun"]

MODEL_DEFAULTS = {"hidden_size": 128, "num_attention_heads": 4, "num_hidden_layers": 2}
_SECTIONS = ("data", "model", "training", "folder")


@dataclass(frozen=True)
class TrainingRun:
    """What to train on what, how, and where to.

    Args:
        data: ``source`` (a name or path) and other arguments of ``load_data``.
        model: settings of ``DistanceTransformerConfig``; the data add what they determine. Left out are a
            hidden size of 128, 4 heads and 2 layers.
        training: the settings of the training.
        folder: the folder to write.

    Raises:
        ConfigurationError: an unknown name; the message has the nearest legal one.

    Example:
        >>> run = TrainingRun({"source": "digits"}, {"metric": "l2"}).changed(training={"max_steps": 5})
        >>> run.training.max_steps, run.folder.name
        (5, 'digits')
        >>> TrainingRun({"source": "digits"}, {"metrics": "l1"})
        Traceback (most recent call last):
        ...
        hybrid_opt.classical.errors.ConfigurationError: unknown model setting 'metrics'; did you mean...
    """

    data: Mapping[str, Any] = field(default_factory=lambda: {"source": "pydoc_topics"})
    model: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    folder: Path = Path()

    def __post_init__(self) -> None:
        check_names(self.data, inspect.signature(load_data).parameters, "data setting")
        check_names(self.model, model_setting_names(), "model setting")
        source = self.data.get("source")
        if not isinstance(source, str) or not source:
            raise ConfigurationError(f"data has the source {source!r}; give the name of a data set or a path")
        if self.folder == Path():
            object.__setattr__(self, "folder", Path("trained") / (Path(source).stem or "data"))

    @classmethod
    def from_yaml(cls, path: str | Path) -> TrainingRun:
        """A run from a YAML file with the sections ``data``, ``model``, ``training`` and the line ``folder``.

        Args:
            path: the file. ``data`` may also be just a name or path; what is left out has its default.

        Returns:
            The run.

        Raises:
            ConfigurationError: the file cannot be read, or a name or value in it is not legal.
        """
        content = read_yaml(path)
        try:
            check_names(content, _SECTIONS, "section")
            return cls().changed(**content)
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error

    def changed(
        self,
        *,
        data: Mapping[str, Any] | str | None = None,
        model: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        folder: str | Path | None = None,
    ) -> TrainingRun:
        """A copy in which some settings have other values; the others stay.

        Args:
            data: arguments of ``load_data``; a text stands for the source. Another source drops the settings
                that belong to the one before.
            model: settings of the configuration.
            training: settings of the training.
            folder: the folder.

        Returns:
            The copy.

        Raises:
            ConfigurationError: a name or value is not legal.
        """
        values = {"source": data} if isinstance(data, str) else _mapping("data", data)
        kept = {} if values.get("source", self.data["source"]) != self.data["source"] else dict(self.data)
        wanted = _mapping("training", training)
        check_names(wanted, [field.name for field in fields(TrainingSettings)], "training setting")
        default = self.folder == Path("trained") / Path(self.data["source"]).stem
        if folder is not None and not isinstance(folder, str | Path):
            raise ConfigurationError(f"folder is {folder!r}; it must be a path")
        return replace(
            self,
            data={**kept, **values},
            model={**self.model, **_mapping("model", model)},
            training=TrainingSettings.from_dict({**self.training.to_dict(), **wanted}),
            folder=Path(folder) if folder is not None else Path() if default else self.folder,
        )

    def load(self) -> TaskData:
        """Load the data.

        Raises:
            DataError: they cannot be used.
        """
        return load_data(**self.data)

    def build(self, data: TaskData) -> Any:
        """Build the model for the data; its initial weights follow from the training's seed.

        Args:
            data: the data.

        Returns:
            The model.
        """
        config = data.config(**{**MODEL_DEFAULTS, **self.model})
        with torch.random.fork_rng():
            torch.manual_seed(self.training.seed)
            return model_class(data.task).from_config(config)

    def execute(self, *, resume: str | bool = "auto", progress: Any = None) -> Any:
        """Load, build and train.

        Args:
            resume: as for ``train``.
            progress: as for ``train``.

        Returns:
            The ``TrainingResult``.
        """
        from .training import train

        data = self.load()
        return train(
            self.build(data),
            data,
            self.folder,
            self.training,
            resume=resume,
            progress=progress,
            data_settings=self.data,
        )


def _mapping(name: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{name} is {given!r}; it must be a mapping of settings")
    return dict(given)
