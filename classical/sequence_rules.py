"""Rules that turn one text into another: sequence-to-sequence tasks with a known, exact answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .errors import DataError

__all__ = ["SEQUENCE_RULES", "SequenceRule", "number_in_words"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_ONES: tuple[str, ...] = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ONES += ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen")
_ONES += ("nineteen",)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_LARGEST = 10**6 - 1


def number_in_words(number: int) -> str:
    """Write a number in English words, American style without "and".

    Args:
        number: 0 to 999,999.

    Returns:
        The words, tens and ones joined by a hyphen.

    Raises:
        DataError: the number lies outside.

    Example:
        >>> number_in_words(120_045)
        'one hundred twenty thousand forty-five'
    """
    if not 0 <= number <= _LARGEST:
        raise DataError(f"numbers from 0 to {_LARGEST} can be written in words, got {number!r}")
    if number >= 1000:
        rest = number % 1000
        return f"{number_in_words(number // 1000)} thousand" + (f" {number_in_words(rest)}" if rest else "")
    if number >= 100:
        rest = number % 100
        return f"{_ONES[number // 100]} hundred" + (f" {number_in_words(rest)}" if rest else "")
    if number >= 20:
        rest = number % 10
        return _TENS[number // 10 - 2] + (f"-{_ONES[rest]}" if rest else "")
    return _ONES[number]


def _decomposable() -> str:
    """Letters of the Latin blocks that the canonical decomposition takes apart: 400 or so."""
    points = [*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00)]
    return "".join(chr(point) for point in points if len(unicodedata.normalize("NFD", chr(point))) > 1)


@dataclass(frozen=True)
class SequenceRule:
    """A rule with the texts it is asked about.

    Args:
        name: name of the task.
        source_characters: all characters that sources are made of.
        target_characters: all characters that answers are made of.
        answer: the rule.
        draw: draws one source from a generator.
        notes: what the task is, in one sentence.

    Example:
        >>> SEQUENCE_RULES["reverse"].answer("abc")
        'cba'
    """

    name: str
    source_characters: str
    target_characters: str
    answer: Callable[[str], str]
    draw: Callable[[np.random.Generator], str]
    notes: str


def _text_drawer(characters: str, shortest: int, longest: int) -> Callable[[np.random.Generator], str]:
    """Draws texts of independent, equally likely characters, and of equally likely lengths."""

    def draw(generator: np.random.Generator) -> str:
        length = generator.integers(shortest, longest + 1)
        return "".join(characters[number] for number in generator.integers(len(characters), size=length))

    return draw


def _draw_number(generator: np.random.Generator) -> str:
    """A number of one to six digits, each length equally likely: otherwise nine of ten would have six."""
    digits = int(generator.integers(1, 7))
    lowest = 0 if digits == 1 else 10 ** (digits - 1)
    return str(generator.integers(lowest, 10**digits))


def _rules() -> dict[str, SequenceRule]:
    """All rules by name."""
    accented = _decomposable()
    rules = (
        SequenceRule(
            "reverse",
            _LETTERS,
            _LETTERS,
            lambda text: text[::-1],
            _text_drawer(_LETTERS, 4, 12),
            "the letters of a random word of 4 to 12 letters in reverse order",
        ),
        SequenceRule(
            "sort",
            _DIGITS,
            _DIGITS,
            lambda text: "".join(sorted(text)),
            _text_drawer(_DIGITS, 4, 12),
            "4 to 12 random digits in ascending order",
        ),
        SequenceRule(
            "number_words",
            _DIGITS,
            "".join([*_ONES, *_TENS, "hundred thousand -"]),
            lambda text: number_in_words(int(text)),
            _draw_number,
            "a number from 0 to 999,999 in English words",
        ),
        SequenceRule(
            "decompose",
            accented,
            unicodedata.normalize("NFD", accented),
            lambda text: unicodedata.normalize("NFD", text),
            _text_drawer(accented, 2, 6),
            f"2 to 6 accented Latin letters, canonically decomposed (Unicode {unicodedata.unidata_version})",
        ),
    )
    return {rule.name: rule for rule in rules}


SEQUENCE_RULES: dict[str, SequenceRule] = _rules()
