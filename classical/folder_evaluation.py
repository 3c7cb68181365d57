"""Evaluate a trained folder: on the data it was trained with, or on others, with its own tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .data_registry import load_data
from .errors import CheckpointError
from .evaluation import Evaluation, evaluate
from .language_windows import CausalWindows, join_documents
from .task_data import TaskData
from .text_tokenizers import encode_texts
from .trained_folder import TrainedModel, load_trained

__all__ = ["evaluate_folder", "folder_data", "with_tokenizer"]


def evaluate_folder(
    folder: str | Path,
    split: str = "test",
    *,
    source: str | None = None,
    batch_size: int = 32,
    baselines: bool = True,
    progress: Any = None,
) -> Evaluation:
    """Evaluate the model of a trained folder.

    Args:
        folder: the folder that training wrote.
        split: ``"train"``, ``"validation"`` or ``"test"``.
        source: other text, a name or path as for ``load_data``; None takes the data of the training, which
            must not have changed since. Numbers cannot be exchanged: they are standardized by the training
            rows of their own data.
        batch_size: examples in one forward pass.
        baselines: also compute baselines.
        progress: called with the share done and a few words.

    Returns:
        The figures.

    Raises:
        CheckpointError: no model is there, it is not known how its data were loaded, they have changed, or
            the other data do not fit the model.
        DataError: the data cannot be used.
    """
    trained = load_trained(folder)
    data = folder_data(trained, source)
    answer = evaluate(
        trained.model, data, split, batch_size=batch_size, baselines=baselines, progress=progress
    )
    notes = []
    if data.hash != trained.data["hash"]:
        learned = "; the baselines learned from the training part of these data" if answer.baselines else ""
        notes.append(f"the model was trained on other data ({trained.data['name']}){learned}")
    if trained.step is not None:
        notes.append(
            f"the run is not finished: these are the weights of its checkpoint at step {trained.step}"
        )
    return replace(answer, notes=(*answer.notes, *notes))


def folder_data(trained: TrainedModel, source: str | None = None) -> TaskData:
    """The data to evaluate a trained model on.

    Args:
        trained: the model and what its data were.
        source: other data; None loads those of the training.

    Returns:
        The data, encoded with the tokenizer of the training.

    Raises:
        CheckpointError: see :func:`evaluate_folder`.
    """
    about = trained.data
    settings: Mapping[str, Any] | None = about["settings"]
    if source is None:
        if settings is None:
            raise CheckpointError(
                f"{trained.folder} does not say how its data ({about['name']}) were loaded; name them "
                "(--data)"
            )
        data = load_data(**settings)
        if data.hash != about["hash"]:
            raise CheckpointError(
                f"the data {about['name']} have changed since training: their hash is {data.hash[:12]}..., "
                f"it was {about['hash'][:12]}... Restore them, or name the data to evaluate on (--data)"
            )
        return data
    same = settings is not None and settings.get("source") == source
    wanted = {} if settings is None else dict(settings)
    if not same:
        wanted = {"task": about["task"]}
        if about["task"] in ("causal_lm", "masked_lm"):
            wanted["sequence_length"] = about["sequence_length"]
    data = load_data(**{**wanted, "source": source})
    if data.task != about["task"] or list(data.labels) != about["labels"]:
        raise CheckpointError(
            f"{source} is data for {data.task} with the labels {data.labels}, and the model was trained for "
            f"{about['task']} with {tuple(about['labels'])}; name data of the same kind"
        )
    if (data.tokenizer is None) != (trained.tokenizer is None) or data.value_width != about["value_width"]:
        raise CheckpointError(
            f"{source} and the data of the training ({about['name']}) are not both text, or not both "
            "numbers; name data of the same kind"
        )
    if data.value_width is not None and data.hash != about["hash"]:
        raise CheckpointError(
            f"{source} holds other numbers than the training ({about['name']}), and numbers are standardized "
            "by the training rows of their own data: the model would read and predict in other units than it "
            "learned. Evaluate on the data of the training"
        )
    if trained.tokenizer is None or data.tokenizer.get_vocab() == trained.tokenizer.get_vocab():
        return data
    return with_tokenizer(data, trained.tokenizer)


def with_tokenizer(data: TaskData, tokenizer: Any) -> TaskData:
    """Language data, encoded anew with another tokenizer.

    Args:
        data: data for a causal language model.
        tokenizer: the tokenizer.

    Returns:
        The data; their windows are as long as before.

    Raises:
        CheckpointError: they are for another task.
    """
    if data.task != "causal_lm":
        raise CheckpointError(
            f"{data.name} has another vocabulary than the model, and only data of causal language models can "
            "be encoded anew; name the data of the training"
        )
    parts: dict[str, Any] = {}
    unknown = 0
    for part, texts in data.texts.items():
        encoded = encode_texts(tokenizer, texts)
        unknown += sum(document.count(tokenizer.unk_token_id) for document in encoded)
        stream = join_documents(encoded, tokenizer.eos_token_id, leading=True)
        parts[part] = CausalWindows(stream, data.sequence_length)
    notes = [note for note in data.notes if not note.endswith("are read as <unk>")]  # of the tokenizer before
    if unknown:
        notes.append(f"{unknown} token(s) are unknown to the tokenizer of the training and read as <unk>")
    return replace(data, **parts, tokenizer=tokenizer, vocab_size=len(tokenizer), notes=tuple(notes))
