"""Language data by source: help topics, standard library, and the user's files."""

from __future__ import annotations

import platform
from pathlib import Path

from .language_data import build_language_data
from .task_data import TaskData
from .text_sources import pydoc_documents, standard_library_documents, text_file_documents

__all__ = ["pydoc_topics_data", "standard_library_data", "text_path_data"]


def pydoc_topics_data(
    *,
    task: str = "causal_lm",
    tokenizer: str = "bpe",
    vocab_size: int | None = None,
    sequence_length: int = 128,
    limit: int | None = None,
    seed: int = 0,
) -> TaskData:
    """The help topics of CPython for language modelling.

    Args:
        task: ``"causal_lm"`` or ``"masked_lm"``.
        tokenizer: ``"bpe"`` or ``"characters"``.
        vocab_size: number of tokens for ``"bpe"``, 2,048 if None.
        sequence_length: tokens of a window.
        limit: number of topics to use; None for all.
        seed: seed of split, limit and masks.

    Returns:
        The data.

    Example:
        >>> pydoc_topics_data(tokenizer="characters", sequence_length=64, limit=12).task
        'causal_lm'
    """
    return build_language_data(
        "pydoc_topics",
        pydoc_documents(),
        task=task,
        tokenizer=tokenizer,
        vocab_size=vocab_size,
        sequence_length=sequence_length,
        limit=limit,
        seed=seed,
        notes=(f"CPython {platform.python_version()}, pydoc_data.topics; other versions hold other text",),
    )


def standard_library_data(
    *,
    task: str = "causal_lm",
    tokenizer: str = "bpe",
    vocab_size: int | None = None,
    sequence_length: int = 256,
    limit: int | None = None,
    seed: int = 0,
) -> TaskData:
    """Top-level source files of the standard library for language modelling.

    Args:
        task: ``"causal_lm"`` or ``"masked_lm"``.
        tokenizer: ``"bpe"`` or ``"characters"``.
        vocab_size: number of tokens for ``"bpe"``, 2,048 if None.
        sequence_length: tokens of a window.
        limit: number of files to use; None for all.
        seed: seed of split, limit and masks.

    Returns:
        The data.

    Example:
        >>> len(standard_library_data(limit=5, vocab_size=300, sequence_length=64).texts["test"])
        1
    """
    return build_language_data(
        "standard_library",
        standard_library_documents(),
        task=task,
        tokenizer=tokenizer,
        vocab_size=vocab_size,
        sequence_length=sequence_length,
        limit=limit,
        seed=seed,
        notes=(f"CPython {platform.python_version()}, top-level files; other versions hold other text",),
    )


def text_path_data(
    path: str | Path,
    *,
    task: str = "causal_lm",
    tokenizer: str = "bpe",
    vocab_size: int | None = None,
    sequence_length: int = 128,
    limit: int | None = None,
    seed: int = 0,
) -> TaskData:
    r"""A text file or a folder of text files of the user, for language modelling.

    Args:
        path: the file or folder.
        task: ``"causal_lm"`` or ``"masked_lm"``.
        tokenizer: ``"bpe"`` or ``"characters"``.
        vocab_size: number of tokens for ``"bpe"``, 2,048 if None.
        sequence_length: tokens of a window.
        limit: number of files, or of sections of a single file, to use; None for all.
        seed: seed of split, limit and masks.

    Returns:
        The data.

    Example:
        >>> _ = Path("rain.txt").write_text("the rain in Spain stays\n" * 200, encoding="utf-8")
        >>> text_path_data("rain.txt", tokenizer="characters", sequence_length=32).name
        'rain.txt'
    """
    documents, notes = text_file_documents(path)
    return build_language_data(
        Path(path).resolve().name,
        documents,
        task=task,
        tokenizer=tokenizer,
        vocab_size=vocab_size,
        sequence_length=sequence_length,
        limit=limit,
        seed=seed,
        notes=notes,
    )
