"""Fixed windows over text for language models, each token predicted exactly once.

Shapes: N tokens of a part of the data, T tokens of a window.

The documents of one part are joined with the end token between them, so a window may cross documents; none
crosses from training into validation or test, because those are different streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from .data_splits import seeded_generator
from .errors import DataError
from .losses import IGNORED_LABEL

__all__ = ["CausalWindows", "MaskedWindows", "join_documents", "window_starts"]


def join_documents(documents: Sequence[Sequence[int]], end_token: int, *, leading: bool) -> Tensor:
    """Join encoded documents into one stream.

    Args:
        documents: token numbers of each document.
        end_token: number of the end token, which goes between two documents.
        leading: also put it before the first document and after the last one. A causal model then predicts
            every token of every document, the first one from the end token, and each end as well.

    Returns:
        Token numbers (N,).

    Example:
        >>> join_documents([[5, 6], [7]], 2, leading=True).tolist()
        [2, 5, 6, 2, 7, 2]
        >>> join_documents([[5, 6], [7]], 2, leading=False).tolist()
        [5, 6, 2, 7]
    """
    joined = [end_token] if leading else []
    for document in documents:
        joined.extend(document)
        joined.append(end_token)
    return torch.tensor(joined if leading else joined[:-1], dtype=torch.long)


def window_starts(count: int, length: int, overlap: int) -> list[tuple[int, int]]:
    """Where windows begin, so that together they cover a stream.

    Args:
        count: number of tokens N of the stream.
        length: tokens T of a window.
        overlap: tokens that a window shares with the one before.

    Returns:
        For each window its first token, and how many tokens at its beginning an earlier window covers. The
        last window ends with the stream, so it may share more than ``overlap``: nothing is dropped and
        nothing is padded.

    Raises:
        DataError: a window is shorter than 2 tokens, or the stream shorter than a window.

    Example:
        >>> window_starts(10, 4, 1)
        [(0, 0), (3, 1), (6, 1)]
        >>> window_starts(8, 4, 1)
        [(0, 0), (3, 1), (4, 3)]
    """
    if isinstance(length, bool) or not isinstance(length, int) or length < 2:
        raise DataError(f"sequence_length must be an integer of at least 2 tokens, got {length!r}")
    if count < length:
        raise DataError(
            f"a part of the data has {count} tokens, and one window needs {length}: pass more text or a "
            f"smaller sequence_length (at most {count})"
        )
    starts = [(start, overlap if start else 0) for start in range(0, count - length + 1, length - overlap)]
    covered = starts[-1][0] + length
    if covered < count:
        starts.append((count - length, covered - (count - length)))
    return starts


class CausalWindows(Dataset[dict[str, Tensor]]):
    """Windows for next-token prediction.

    Labels equal the inputs; the model shifts them. A window begins with the last token of the window before,
    so that every token but the first of the stream is predicted exactly once; in the last window, tokens that
    were predicted before have label -100.

    Args:
        tokens: token numbers (N,).
        length: tokens T of a window.

    Raises:
        DataError: the stream is shorter than a window.

    Example:
        >>> windows = CausalWindows(torch.arange(8), 4)
        >>> [window["input_ids"].tolist() for window in windows]
        [[0, 1, 2, 3], [3, 4, 5, 6], [4, 5, 6, 7]]
        >>> windows[2]["labels"].tolist()
        [-100, -100, -100, 7]
    """

    def __init__(self, tokens: Tensor, length: int) -> None:
        self.tokens = tokens
        self.length = length
        self.starts = window_starts(len(tokens), length, overlap=1)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        start, covered = self.starts[index]
        window = self.tokens[start : start + self.length].clone()
        labels = window.clone()
        if covered > 1:  # the usual single shared token is never predicted: the shift drops its label
            labels[:covered] = IGNORED_LABEL
        return {"input_ids": window, "labels": labels}


class MaskedWindows(Dataset[dict[str, Tensor]]):
    """Windows for masked language modelling (BERT, Devlin et al. 2019, arXiv 1810.04805, section 3.1).

    Of the tokens of a window 15 percent are to be predicted, chosen without replacement; of these 80 percent
    are replaced by the mask token, 10 percent by a random token and 10 percent stay. Special tokens are never
    chosen.

    Which ones is a function of seed, epoch and window alone. Validation and test use epoch 0 for ever;
    training calls ``set_epoch`` at the start of each epoch, and a resumed run sees the masks of the
    uninterrupted one.

    Args:
        tokens: token numbers (N,).
        length: tokens T of a window.
        mask_token: number of the mask token.
        vocab_size: number of tokens; random replacements lie in ``[special_tokens, vocab_size)``.
        special_tokens: the numbers below this one are special.
        seed: seed of all masks.
        share: share of tokens to predict.

    Raises:
        DataError: the stream is shorter than a window, the share is not in (0, 1], or a bad seed.

    Example:
        >>> windows = MaskedWindows(torch.arange(5, 25), 20, mask_token=4, vocab_size=25)
        >>> int((windows[0]["labels"] != -100).sum())
        3
    """

    def __init__(
        self,
        tokens: Tensor,
        length: int,
        *,
        mask_token: int,
        vocab_size: int,
        special_tokens: int = 5,
        seed: int = 0,
        share: float = 0.15,
    ) -> None:
        if not 0 < share <= 1:
            raise DataError(f"the share of masked tokens must lie above 0 and be at most 1, got {share!r}")
        seeded_generator(seed)  # a bad seed fails here, not in the middle of training
        self.tokens = tokens
        self.length = length
        self.mask_token = mask_token
        self.vocab_size = vocab_size
        self.special_tokens = special_tokens
        self.seed = seed
        self.share = share
        self.epoch = 0
        self.starts = window_starts(len(tokens), length, overlap=0)

    def set_epoch(self, epoch: int) -> None:
        """Choose the masks of an epoch.

        Args:
            epoch: number of the epoch, from 0.
        """
        self.epoch = int(epoch)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        start, covered = self.starts[index]
        window = self.tokens[start : start + self.length].numpy().copy()
        candidates = np.flatnonzero(window >= self.special_tokens)
        candidates = candidates[candidates >= covered]
        generator = seeded_generator(self.seed, 3, self.epoch, index)
        wanted = min(max(1, round(self.share * len(candidates))), len(candidates))
        chosen = generator.choice(candidates, wanted, replace=False)
        labels: Any = np.full(self.length, IGNORED_LABEL, dtype=np.int64)
        labels[chosen] = window[chosen]
        fate = generator.random(wanted)
        window[chosen[fate < 0.8]] = self.mask_token
        replaced = chosen[fate >= 0.9]
        window[replaced] = generator.integers(self.special_tokens, self.vocab_size, len(replaced))
        return {"input_ids": torch.from_numpy(window), "labels": torch.from_numpy(labels)}
