"""Language data by source: help topics, standard library, and the user's files."""

from __future__ import annotations

import platform
from pathlib import Path

from .errors import DataError
from .language_data import build_language_data
from .task_data import TaskData
from .text_sources import pydoc_documents, standard_library_documents, text_file_documents

__all__ = ["named_text_data", "text_path_data"]

# What each reads, how messages call it, and the tokens of a window where none are given: code needs more.
_SOURCES = {
    "pydoc_topics": (pydoc_documents, "pydoc_data.topics", 128),
    "standard_library": (standard_library_documents, "top-level files", 256),
}


def named_text_data(
    name: str,
    *,
    task: str = "causal_lm",
    tokenizer: str = "bpe",
    vocab_size: int | None = None,
    sequence_length: int | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> TaskData:
    """Text that comes with CPython, for language modelling.

    Args:
        name: ``"pydoc_topics"``, the help topics, or ``"standard_library"``, the top-level source files.
        task: ``"causal_lm"`` or ``"masked_lm"``.
        tokenizer: ``"bpe"`` or ``"characters"``.
        vocab_size: number of tokens for ``"bpe"``, 2,048 if None.
        sequence_length: tokens of a window; None takes 128 for help topics and 256 for source files.
        limit: number of topics or files to use; None for all.
        seed: seed of split, limit and masks.

    Returns:
        The data.

    Raises:
        DataError: another name, or see :func:`build_language_data`.

    Example:
        >>> named_text_data("pydoc_topics", tokenizer="characters", sequence_length=64, limit=12).task
        'causal_lm'
    """
    if name not in _SOURCES:
        raise DataError(f"unknown text {name!r}; legal are {', '.join(_SOURCES)}")
    documents, contents, usual_length = _SOURCES[name]
    return build_language_data(
        name,
        documents(),
        task=task,
        tokenizer=tokenizer,
        vocab_size=vocab_size,
        sequence_length=usual_length if sequence_length is None else sequence_length,
        limit=limit,
        seed=seed,
        notes=(f"CPython {platform.python_version()}, {contents}; other versions hold other text",),
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
