"""Names of Unicode characters and the script they belong to: imbalanced classification of real text, offline.

``LATIN SMALL LETTER A WITH GRAVE`` has the label ``LATIN`` and the text ``SMALL LETTER A WITH GRAVE``: the
word that is the label is taken out, because it would give the answer away.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter

from .errors import DataError
from .task_data import TaskData
from .text_classification import text_classification_data

__all__ = ["unicode_names", "unicode_names_data"]

# Their names are numbers (CJK UNIFIED IDEOGRAPH-4E00) or spell the sound by rule: nothing to learn.
_RULE_MADE = (
    "CJK ",
    "HANGUL SYLLABLE ",
    "TANGUT IDEOGRAPH-",
    "NUSHU CHARACTER-",
    "KHITAN SMALL SCRIPT CHARACTER-",
)


def unicode_names() -> list[tuple[str, str]]:
    """All character names of ``unicodedata`` that have more than one word, without those made by rule.

    Returns:
        Pairs of first word and the rest of the name, in order of code points.

    Example:
        >>> ("LATIN", "SMALL LETTER A") in unicode_names()
        True
    """
    pairs = []
    for point in range(sys.maxunicode + 1):
        name = unicodedata.name(chr(point), "")
        if name.startswith(_RULE_MADE):
            continue
        first, _, rest = name.partition(" ")
        if rest:
            pairs.append((first, rest))
    return pairs


def unicode_names_data(
    *,
    minimum: int = 300,
    tokenizer: str = "characters",
    vocab_size: int | None = None,
    sequence_length: int | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> TaskData:
    """Classify the script of a character from the rest of its name.

    Args:
        minimum: classes with fewer names are dropped.
        tokenizer: ``"characters"`` or ``"bpe"``.
        vocab_size: number of tokens for ``"bpe"``.
        sequence_length: tokens of an example, 48 if None; longer names are cut.
        limit: about how many names to keep; None for all.
        seed: seed of split and limit.

    Returns:
        The data; the notes hold the class counts, what was dropped, and how many names more than one class
        has, which no classifier can tell apart.

    Raises:
        DataError: fewer than two classes reach the minimum.

    Example:
        >>> data = unicode_names_data(minimum=1200, limit=300)
        >>> "LATIN" in data.labels, data.sequence_length
        (True, 48)
    """
    pairs = unicode_names()
    counts = Counter(label for label, _ in pairs)
    kept = {label for label, count in counts.items() if count >= minimum}
    if len(kept) < 2:
        raise DataError(
            f"{len(kept)} class(es) have at least {minimum!r} names; at least 2 are needed: the largest have "
            f"{', '.join(str(count) for _, count in counts.most_common(3))}, choose a smaller minimum"
        )
    chosen = [(label, rest) for label, rest in pairs if label in kept]
    owners: dict[str, set[str]] = {}
    for label, rest in chosen:
        owners.setdefault(rest, set()).add(label)
    shared = sum(len(owners[rest]) > 1 for _, rest in chosen)
    dropped = len(pairs) - len(chosen)
    return text_classification_data(
        "unicode_names",
        [rest for _, rest in chosen],
        [label for label, _ in chosen],
        tokenizer=tokenizer,
        vocab_size=vocab_size,
        sequence_length=48 if sequence_length is None else sequence_length,
        limit=limit,
        seed=seed,
        notes=(
            f"Unicode {unicodedata.unidata_version}: the first word of a name is its label, not in the text",
            f"{len(counts) - len(kept)} classes with fewer than {minimum} names were dropped "
            f"({dropped} names)",
            f"{shared} of {len(chosen)} names occur under more than one label, so accuracy 1 is out of reach",
        ),
    )
