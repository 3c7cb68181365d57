"""Documents that copy from each other belong into the same part of a split.

CPython's help topics repeat whole pages: the text of ``if`` stands again in ``compound``. Split by topic
alone, a sixth of the text would stand in training and test, and remembering would look like understanding.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .errors import DataError

__all__ = ["groups_by_shared_passage"]

# Shorter paragraphs ("Added in version 3.8.") are phrases that anyone writes.
_SHORTEST_PASSAGE = 80
# What stands in more documents than this is boilerplate, e.g. a license, and says nothing about who copied
# whom.
_MOST_OWNERS = 10


def groups_by_shared_passage(texts: Sequence[str]) -> list[int]:
    r"""Group documents that have a passage in common, directly or through others.

    A passage is a paragraph (text between empty lines) of at least 80 characters, spaces and line ends aside.
    One that stands in more than ten documents does not count.

    Args:
        texts: the documents.

    Returns:
        The group of each document, named by the smallest document number in it.

    Raises:
        DataError: no documents.

    Example:
        >>> passage = "A paragraph of eighty characters or more " * 2
        >>> groups_by_shared_passage([passage, "Something else.", "Heading\n\n" + passage])
        [0, 1, 0]
    """
    if not texts:
        raise DataError("0 documents cannot be grouped: pass at least one text")
    owners: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        passages = {" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)}
        for passage in passages:
            if len(passage) >= _SHORTEST_PASSAGE:
                owners.setdefault(passage, []).append(number)
    parent = list(range(len(texts)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    for sharing in owners.values():
        if len(sharing) <= _MOST_OWNERS:
            for other in sharing[1:]:
                first, second = sorted((root(sharing[0]), root(other)))
                parent[second] = first
    return [root(number) for number in range(len(texts))]
