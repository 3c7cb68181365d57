"""What text costs without a neural network: bits per character of counting models and of a compressor.

All figures follow the convention of the language models here: the end of a document is predicted and its bits
count, but it is no character. Every character of Unicode has a positive probability, so the figures are those
of a code that could be decoded, also for characters that training text does not hold.
"""

from __future__ import annotations

import lzma
import math
from collections.abc import Sequence

import pandas as pd

from .errors import DataError

__all__ = ["NgramModel", "lzma_bits_per_character", "text_baseline_bits"]

# Lone surrogates cannot occur in text that was read as UTF-8.
_START, _END = "\udc02", "\udc03"
# All Unicode characters but the surrogates, and the end of a document.
_ALPHABET = 0x110000 - 0x800 + 1


class NgramModel:
    """Characters predicted from the ones before them, interpolated by the rule of Witten and Bell.

    With n(h, c) how often c followed the context h, N(h) the sum over c, and D(h) the number of different c::

        P(c | h) = (n(h, c) + D(h) P(c | h without its first character)) / (N(h) + D(h))

    down to the empty context, which is mixed with the uniform distribution over Unicode. Source: Witten and
    Bell, The zero-frequency problem, IEEE Transactions on Information Theory 37 (1991) 1085-1094, method C;
    in the recursive form of Chen and Goodman, An empirical study of smoothing techniques, Computer Speech and
    Language 13 (1999).

    Args:
        documents: the texts to count.
        order: length of the contexts plus 1; order 1 counts single characters.

    Raises:
        DataError: an order below 1, or no documents.

    Example:
        >>> model = NgramModel(["abababab"], order=2)
        >>> round(model.probability("a", "b"), 3)
        0.867
    """

    def __init__(self, documents: Sequence[str], order: int = 5) -> None:
        if isinstance(order, bool) or not isinstance(order, int) or order < 1:
            raise DataError(f"the order of an n-gram model must be an integer of at least 1, got {order!r}")
        if not documents:
            raise DataError("0 documents to count: pass at least one text")
        self.order = order
        self._counts: dict[str, dict[str, int]] = {}
        counts = self._counts
        for document in documents:
            padded = _START * (order - 1) + document + _END
            for position in range(order - 1, len(padded)):
                character = padded[position]
                for length in range(order):
                    followers = counts.setdefault(padded[position - length : position], {})
                    followers[character] = followers.get(character, 0) + 1
        self._totals = {context: sum(followers.values()) for context, followers in counts.items()}

    def probability(self, context: str, character: str) -> float:
        """Probability of a character after a context.

        Args:
            context: what stands before; its last ``order - 1`` characters count.
            character: one character.

        Returns:
            The probability, positive for every character.
        """
        probability = 1 / _ALPHABET
        for length in range(min(self.order - 1, len(context)) + 1):
            history = context[len(context) - length :]
            followers = self._counts.get(history)
            if followers is None:  # a longer context was not seen either
                break
            different = len(followers)
            seen = followers.get(character, 0)
            probability = (seen + different * probability) / (self._totals[history] + different)
        return probability

    def bits_per_character(self, documents: Sequence[str]) -> float:
        """Average code length of texts.

        Args:
            documents: held-out texts with at least one character.

        Returns:
            Bits, ends of documents included, over characters.

        Raises:
            DataError: the texts hold no character.
        """
        characters = _characters(documents)
        context_length = self.order - 1
        bits = 0.0
        for document in documents:
            padded = _START * context_length + document + _END
            for position in range(context_length, len(padded)):
                context = padded[position - context_length : position]
                bits -= math.log2(self.probability(context, padded[position]))
        return bits / characters


def lzma_bits_per_character(train: Sequence[str], test: Sequence[str]) -> float:
    """Growth of a compressed file when test text is put after training text.

    LZMA (Lempel-Ziv with a range coder, as in ``xz``), strongest preset; its window of 64 MB holds all of a
    text of that size. Documents are joined by a zero byte.

    Args:
        train: texts that the compressor sees first.
        test: texts that are charged for, with at least one character.

    Returns:
        8 (bytes of both together - bytes of the training text alone) / characters of the test text.

    Raises:
        DataError: the test texts hold no character.

    Example:
        >>> 0 < lzma_bits_per_character(["spam and eggs " * 50], ["spam and eggs " * 50]) < 0.2
        True
    """
    characters = _characters(test)
    first = "\0".join(train).encode("utf-8") + b"\0"
    second = "\0".join(test).encode("utf-8") + b"\0"
    preset = 9 | lzma.PRESET_EXTREME
    alone = len(lzma.compress(first, preset=preset))
    return 8 * (len(lzma.compress(first + second, preset=preset)) - alone) / characters


def text_baseline_bits(train: Sequence[str], test: Sequence[str]) -> pd.DataFrame:
    """Bits per character of the baselines that belong beside a language model.

    Args:
        train: documents to learn from, e.g. ``data.texts["train"]``.
        test: held-out documents, e.g. ``data.texts["test"]``.

    Returns:
        Column ``bits_per_character``, one row each for ``unigram``, ``5-gram`` and ``lzma``.

    Raises:
        DataError: no training document, or no character in the test documents.

    Example:
        >>> text_baseline_bits(["to be or not to be"], ["to be"]).index.tolist()
        ['unigram', '5-gram', 'lzma']
    """
    figures = {
        "unigram": NgramModel(train, order=1).bits_per_character(test),
        "5-gram": NgramModel(train, order=5).bits_per_character(test),
        "lzma": lzma_bits_per_character(train, test),
    }
    return pd.DataFrame({"bits_per_character": figures}).rename_axis("baseline")


def _characters(documents: Sequence[str]) -> int:
    """Number of characters, at least one."""
    characters = sum(map(len, documents))
    if characters == 0:
        raise DataError("the held-out texts hold no character, so bits per character are not defined")
    return characters
