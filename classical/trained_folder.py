"""The folder of a run: model, tokenizer, what the data were, settings, history; all that evaluation needs.

==================  ================================================================
``model.safetensors``  the weights, with ``config.json``; at the end of the run
``tokenizer.json``     the tokenizer of text, with its settings
``data.json``          name, task, hash and labels of the data, and how they were loaded
``training.json``      the settings
``metrics.jsonl``      one line per log entry, written as training goes on
``metrics.json``       the result
``curves.png``         loss and learning rate
``checkpoints/``       checkpoints to resume from
==================  ================================================================
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checkpoints import latest_checkpoint, verify_checkpoint, write_atomically
from .errors import CheckpointError, ConfigurationError
from .optional_libraries import load_library
from .quiet_libraries import quiet_libraries

__all__ = [
    "CHECKPOINTS",
    "CURVES",
    "DATA",
    "HISTORY",
    "METRICS",
    "SETTINGS",
    "WEIGHTS",
    "TrainedModel",
    "describe_data",
    "load_trained",
    "model_class",
    "prepare_folder",
    "read_json",
]

CHECKPOINTS = "checkpoints"
CURVES = "curves.png"
DATA = "data.json"
HISTORY = "metrics.jsonl"
METRICS = "metrics.json"
SETTINGS = "training.json"
WEIGHTS = "model.safetensors"

_AUTO_CLASSES = {
    "causal_lm": "AutoModelForCausalLM",
    "masked_lm": "AutoModelForMaskedLM",
    "sequence_classification": "AutoModelForSequenceClassification",
    "regression": "AutoModelForSequenceClassification",
    "token_classification": "AutoModelForTokenClassification",
    "seq2seq": "AutoModelForSeq2SeqLM",
}


@dataclass(frozen=True)
class TrainedModel:
    """What a trained folder holds.

    Args:
        model: the model, in evaluation mode.
        tokenizer: the tokenizer of text, otherwise None.
        data: the description of the data: ``name``, ``task``, ``hash``, ``labels``, ``settings``, ...
        step: the step of the weights, None for the finished model.
        folder: the folder.
    """

    model: Any
    tokenizer: Any
    data: dict[str, Any]
    step: int | None
    folder: Path


def describe_data(data: Any, settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the folder keeps about data.

    Args:
        data: a ``TaskData``.
        settings: the arguments of ``load_data`` that made it, with ``source``; None where they are not known.

    Returns:
        JSON values.
    """
    return {
        "name": data.name,
        "task": data.task,
        "hash": data.hash,
        "vocab_size": data.vocab_size,
        "value_width": data.value_width,
        "sequence_length": data.sequence_length,
        "labels": list(data.labels),
        "examples": {part: len(data.split(part)) for part in ("train", "validation", "test")},
        "target_scaling": list(data.target_scaling) if data.target_scaling else None,
        "settings": None if settings is None else dict(settings),
        "notes": list(data.notes),
    }


def prepare_folder(folder: Path, data: Any, settings: Any, data_settings: Mapping[str, Any] | None) -> None:
    """Make the folder and write what is known before training: data, settings, tokenizer.

    Args:
        folder: the folder.
        data: a ``TaskData``.
        settings: the ``TrainingSettings``.
        data_settings: see :func:`describe_data`.

    Raises:
        ConfigurationError: the folder is a file, or holds a model that did not come from here.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is a file; name a folder")
    foreign = [name for name in ("config.json", WEIGHTS) if (folder / name).exists()]
    if foreign and not (folder / DATA).exists():
        raise ConfigurationError(
            f"{folder} holds {' and '.join(foreign)} of something else, which training would overwrite; name "
            "another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / DATA, json.dumps(describe_data(data, data_settings), indent=1) + "\n")
    write_atomically(folder / SETTINGS, json.dumps(settings.to_dict(), indent=1) + "\n")
    if data.tokenizer is not None:
        data.tokenizer.save_pretrained(folder)


def load_trained(folder: str | Path) -> TrainedModel:
    """Load model and tokenizer from a trained folder, of an unfinished run from its latest checkpoint.

    Args:
        folder: the folder that ``train`` wrote.

    Returns:
        Model, tokenizer and what the data were.

    Raises:
        CheckpointError: the folder is no trained folder, holds no model yet, or a damaged one.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not there; name a folder that training wrote")
    if not (folder / DATA).is_file():
        raise CheckpointError(f"{folder} has no {DATA}; it is no folder that training wrote")
    description = read_json(folder / DATA)
    source, step = folder, None
    if not (folder / WEIGHTS).is_file():
        latest = latest_checkpoint(folder / CHECKPOINTS)
        if latest is None:
            raise CheckpointError(f"{folder} holds no {WEIGHTS} and no complete checkpoint; train it first")
        step = verify_checkpoint(latest)["step"]
        source = latest
    transformers = load_library("transformers", "transformer")
    with quiet_libraries():
        try:
            model = model_class(description["task"]).from_pretrained(source, local_files_only=True)
        except Exception as error:
            raise CheckpointError(f"the model in {source} cannot be read: {error}; train it again") from error
        tokenizer = None
        if (folder / "tokenizer.json").is_file():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model.eval()
    return TrainedModel(model, tokenizer, description, step, folder)


def model_class(task: str) -> Any:
    """The auto class of transformers for a task; ``from_config`` and ``from_pretrained`` build our models.

    Args:
        task: a task of ``TaskData``.

    Returns:
        The class.

    Example:
        >>> model_class("causal_lm").__name__
        'AutoModelForCausalLM'
    """
    from .auto_classes import register_auto_classes

    register_auto_classes()
    return getattr(load_library("transformers", "transformer"), _AUTO_CLASSES[task])


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of a trained folder.

    Args:
        path: the file.

    Returns:
        Its content.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(f"{path} is missing; the folder is no complete trained folder") from error
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged: {error}; train again, or restore the file") from error
    return content
