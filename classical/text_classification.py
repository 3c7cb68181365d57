"""Texts with a label become padded tokens: the common part of Unicode names and of the user's text tables.

Shapes: N examples, T tokens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .data_hashing import content_hash
from .data_splits import SPLITS, keep_some, split_by_class
from .errors import DataError
from .example_dataset import ExampleDataset
from .language_data import make_tokenizer
from .task_data import TaskData
from .text_tokenizers import encode_texts

__all__ = ["class_counts_note", "padded_tokens", "text_classification_data"]

_LONGEST = 256


def text_classification_data(
    name: str,
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    tokenizer: str = "characters",
    vocab_size: int | None = None,
    sequence_length: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> TaskData:
    """Split labeled texts by class, train a tokenizer on the training part, pad.

    An example is the begin token, the text, and padding; a model may read the first position as a summary.

    Args:
        name: name of the data.
        texts: the texts.
        labels: the class of each text.
        tokenizer: ``"characters"`` or ``"bpe"``.
        vocab_size: number of tokens for ``"bpe"``.
        sequence_length: T; None takes the longest text, at most 256. Longer texts are cut, and the notes say
            so.
        limit: about how many examples to keep; None for all.
        seed: seed of the split and of the limit.
        notes: what the source has to say.

    Returns:
        The data.

    Raises:
        DataError: texts and labels of different number, one class only, a class too small to split.

    Example:
        >>> texts, labels = ["meow"] * 10 + ["woof"] * 10, ["cat"] * 10 + ["dog"] * 10
        >>> data = text_classification_data("pets", texts, labels)
        >>> data.labels, data.sequence_length, data.train[0]["input_ids"].tolist()
        (('cat', 'dog'), 5, [1, 7, 5, 8, 9])
    """
    if len(texts) != len(labels):
        raise DataError(f"{len(texts)} texts and {len(labels)} labels: each text needs one label")
    kept = keep_some(labels, limit, seed=seed)
    texts, labels = [texts[number] for number in kept], [labels[number] for number in kept]
    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise DataError(f"{name} has {len(names)} class(es) {names}: classification needs at least 2")
    numbers = {label: number for number, label in enumerate(names)}
    split = split_by_class(labels, seed=seed)
    parts = {part: [texts[number] for number in split[part]] for part in SPLITS}
    trained = make_tokenizer(tokenizer, parts["train"], vocab_size)
    encoded = {part: encode_texts(trained, parts[part]) for part in SPLITS}
    longest = 1 + max(len(tokens) for part in SPLITS for tokens in encoded[part])
    length = min(longest, _LONGEST) if sequence_length is None else sequence_length
    if isinstance(length, bool) or not isinstance(length, int) or length < 2:
        raise DataError(f"sequence_length must be an integer of at least 2 tokens, got {length!r}")
    cut = sum(len(tokens) >= length for part in SPLITS for tokens in encoded[part])
    datasets = {}
    for part in SPLITS:
        rows = [[trained.bos_token_id, *tokens][:length] for tokens in encoded[part]]
        columns = padded_tokens(rows, length, trained.pad_token_id)
        columns["labels"] = torch.tensor([numbers[labels[number]] for number in split[part]])
        datasets[part] = ExampleDataset(columns)
    said = [class_counts_note(labels)]
    if repeated := len(texts) - len(set(texts)):
        said.append(f"{repeated} text(s) repeat an earlier one, so the same text can stand in two parts")
    if cut:
        said.append(f"{cut} text(s) were cut to {length - 1} tokens")
    return TaskData(
        name=name,
        task="sequence_classification",
        train=datasets["train"],
        validation=datasets["validation"],
        test=datasets["test"],
        sequence_length=length,
        hash=content_hash([tokenizer, len(trained), length, seed], texts, labels, split),
        tokenizer=trained,
        vocab_size=len(trained),
        labels=names,
        texts=parts,
        notes=(*notes, *said),
    )


def padded_tokens(rows: Sequence[Sequence[int]], length: int, padding: int) -> dict[str, Tensor]:
    """Stack token lists of different lengths.

    Args:
        rows: N lists of at most T token numbers.
        length: T.
        padding: number of the padding token.

    Returns:
        ``input_ids`` (N, T), and ``attention_mask`` (N, T) with 1 for tokens and 0 for padding.

    Example:
        >>> padded_tokens([[7, 8], [9]], 3, 0)["attention_mask"].tolist()
        [[1, 1, 0], [1, 0, 0]]
    """
    tokens = torch.full((len(rows), length), padding, dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for number, row in enumerate(rows):
        tokens[number, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[number, : len(row)] = 1
    return {"input_ids": tokens, "attention_mask": mask}


def class_counts_note(labels: Sequence[Any]) -> str:
    """How many examples each class has, largest first.

    Args:
        labels: the class of each example.

    Returns:
        One sentence.

    Example:
        >>> class_counts_note(["a", "b", "b"])
        'examples of each class: b 2, a 1'
    """
    counted = sorted(Counter(labels).items(), key=lambda entry: (-entry[1], str(entry[0])))
    return "examples of each class: " + ", ".join(f"{label} {count}" for label, count in counted)
