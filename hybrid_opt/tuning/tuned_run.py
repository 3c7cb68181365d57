"""What a search found, as a file that ``hybrid-opt train`` reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..classical.training_run import TrainingRun
from ..reports.atomic import write_whole

if TYPE_CHECKING:
    from .tuning_answer import AttentionTuning

__all__ = ["tuned_run", "write_run"]


def tuned_run(run: TrainingRun, tuning: AttentionTuning) -> TrainingRun:
    """A run with the settings that were chosen; everything else is as in the run that was tuned.

    Args:
        run: data, model and training that the search started from.
        tuning: the answer.

    Returns:
        The run.
    """
    old, new = tuning.objective.config.to_dict(), tuning.config.to_dict()
    model = {name: value for name, value in new.items() if value != old.get(name)}
    return run.changed(model=model, training=tuning.training.to_dict())


def write_run(run: TrainingRun, path: str | Path) -> Path:
    """Write a run as YAML, whole or not at all.

    Args:
        run: the run; its folder is left out, so that training asks for none of the search's.
        path: the file.

    Returns:
        The path.

    Raises:
        OptionError: it cannot be written there.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = write_run(TrainingRun({"source": "wine"}, {"metric": "l2"}), Path(folder) / "run.yaml")
        ...     TrainingRun.from_yaml(path).model
        {'metric': 'l2'}
    """
    content: dict[str, Any] = {
        "data": dict(run.data),
        "model": dict(run.model),
        "training": run.training.to_dict(),
    }
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None)
    return write_whole(path, text.encode())
