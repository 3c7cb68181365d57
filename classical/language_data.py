"""Documents become windows of tokens for causal or masked language modelling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .data_hashing import content_hash
from .data_splits import SPLITS, Indices, keep_some, split_documents
from .errors import DataError
from .language_windows import CausalWindows, MaskedWindows, join_documents
from .shared_passages import groups_by_shared_passage
from .task_data import TaskData
from .text_sources import Document
from .text_tokenizers import (
    SPECIAL_TOKENS,
    check_vocabulary_size,
    encode_texts,
    make_character_tokenizer,
    train_bpe_tokenizer,
)

__all__ = ["LANGUAGE_TASKS", "TOKENIZERS", "build_language_data", "make_tokenizer"]

LANGUAGE_TASKS = ("causal_lm", "masked_lm")
TOKENIZERS = ("bpe", "characters")


def make_tokenizer(kind: str, texts: Sequence[str], vocab_size: int | None) -> Any:
    """Train the named tokenizer.

    Args:
        kind: ``"bpe"`` or ``"characters"``.
        texts: texts of the training part.
        vocab_size: number of tokens for ``"bpe"``; for ``"characters"`` it must be None, the texts decide.

    Returns:
        The tokenizer.

    Raises:
        DataError: unknown kind, or a vocabulary size that does not go with it.

    Example:
        >>> len(make_tokenizer("characters", ["abc"], None))
        8
    """
    if kind not in TOKENIZERS:
        raise DataError(f"unknown tokenizer {kind!r}; legal are {', '.join(TOKENIZERS)}")
    if kind == "bpe":
        return train_bpe_tokenizer(texts, 2048 if vocab_size is None else check_vocabulary_size(vocab_size))
    if vocab_size is not None:
        raise DataError(
            f'vocab_size={vocab_size!r} goes with tokenizer="bpe"; a character tokenizer has as many tokens '
            "as the text has characters: leave vocab_size out"
        )
    return make_character_tokenizer(texts)


def build_language_data(
    name: str,
    documents: Sequence[Document],
    *,
    task: str = "causal_lm",
    tokenizer: str = "bpe",
    vocab_size: int | None = None,
    sequence_length: int = 128,
    limit: int | None = None,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> TaskData:
    """Split documents, copies together; train a tokenizer on the training part; cut into windows.

    Args:
        name: name of the data.
        documents: at least three.
        task: ``"causal_lm"`` or ``"masked_lm"``.
        tokenizer: ``"bpe"`` or ``"characters"``.
        vocab_size: number of tokens for ``"bpe"``, 2,048 if None.
        sequence_length: tokens of a window.
        limit: number of documents to use, chosen at random; None for all.
        seed: seed of the choice, of the split and of the masks.
        notes: what the source has to say.

    Returns:
        The data. In the validation and test part of ``"causal_lm"`` each character is predicted exactly once,
        and so is the end of each document; bits per character are then the sum of the losses of all labels
        (from the second of a window on, not -100) over the characters in ``texts``.

    Raises:
        DataError: unknown task or tokenizer, too few documents, a part shorter than a window.

    Example:
        >>> documents = [Document(f"d{number}", "to be or not to be " * 9) for number in range(20)]
        >>> data = build_language_data("hamlet", documents, tokenizer="characters", sequence_length=16)
        >>> len(data.train), len(data.test), data.vocab_size
        (184, 23, 12)
    """
    if task not in LANGUAGE_TASKS:
        raise DataError(
            f"{name} is text without labels; legal tasks are {', '.join(LANGUAGE_TASKS)}, got {task!r}"
        )
    documents = [documents[number] for number in keep_some([0] * len(documents), limit, seed=seed)]
    split, copies_note = _split_together(documents, seed)
    texts = {part: [documents[number].text for number in split[part]] for part in SPLITS}
    trained = make_tokenizer(tokenizer, texts["train"], vocab_size)
    parts = {}
    unknown = 0
    for part in SPLITS:
        encoded = encode_texts(trained, texts[part])
        unknown += sum(document.count(trained.unk_token_id) for document in encoded)
        stream = join_documents(encoded, trained.eos_token_id, leading=task == "causal_lm")
        try:
            parts[part] = _windows(task, stream, sequence_length, trained, seed)
        except DataError as problem:
            raise DataError(f"{name}, {part}: {problem}") from problem
    named = [(document.name, document.text) for document in documents]
    settings = [task, tokenizer, len(trained), sequence_length, seed]
    return TaskData(
        name=name,
        task=task,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        sequence_length=sequence_length,
        hash=content_hash(settings, named, split),
        tokenizer=trained,
        vocab_size=len(trained),
        texts=texts,
        notes=(*notes, _split_note(split), copies_note, *_unknown_note(unknown)),
    )


def _windows(task: str, stream: Any, length: int, tokenizer: Any, seed: int) -> CausalWindows | MaskedWindows:
    """The windows of one part."""
    if task == "causal_lm":
        return CausalWindows(stream, length)
    return MaskedWindows(
        stream,
        length,
        mask_token=tokenizer.mask_token_id,
        vocab_size=len(tokenizer),
        special_tokens=len(SPECIAL_TOKENS),
        seed=seed,
    )


def _split_together(documents: Sequence[Document], seed: int) -> tuple[Indices, str]:
    """Split groups of documents that copy from each other, and say how."""
    groups = groups_by_shared_passage([document.text for document in documents])
    names = sorted(set(groups))
    if len(names) < len(SPLITS):
        sizes = [len(document.text) for document in documents]
        return split_documents(sizes, seed=seed), (
            "documents share passages in such a way that they cannot be kept apart: the same text can "
            "stand in training and test"
        )
    sizes = [
        sum(len(document.text) for document, group in zip(documents, groups, strict=True) if group == name)
        for name in names
    ]
    chosen = split_documents(sizes, seed=seed)
    split = {}
    for part, numbers in chosen.items():
        kept = {names[number] for number in numbers}
        split[part] = np.flatnonzero([group in kept for group in groups])
    return split, f"documents that share a passage stay together ({len(names)} groups of {len(documents)})"


def _split_note(split: Indices) -> str:
    """How many documents went where."""
    counts = ", ".join(f"{part} {len(split[part])}" for part in SPLITS)
    return f"split by document ({counts}); documents of a part are joined with the end token between them"


def _unknown_note(unknown: int) -> list[str]:
    """Characters that training text does not hold, if any."""
    if not unknown:
        return []
    return [f"{unknown} character(s) of validation and test do not occur in training and are read as <unk>"]
