"""The unit in a column's label: "Spend (k€)", "Reach, %", "cost_eur", "Gasto en miles de euros".

A scale multiplies what stands in the column and a percent sign divides it by 100; any other unit is only
repeated in the note. A scale that can mean two things ("M", "mil") is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

__all__ = ["CURRENCY", "Unit", "currency_of", "label_parts", "read_unit"]

_CODES = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "us$": "USD", "euro": "EUR", "euros": "EUR",
    **dict.fromkeys(("dollar", "dollars", "dolares", "dólares"), "USD"),
    **dict.fromkeys(("pound", "pounds"), "GBP"),
    **{
        code.lower(): code
        for code in (
            "EUR", "USD", "GBP", "JPY", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK",
            "CAD", "AUD", "MXN", "BRL", "CLP", "COP", "ARS", "PEN", "INR", "CNY",
        )
    },
}  # fmt: skip
CURRENCY = r"(?:US\$|[€$£¥]|\b(?:" + "|".join(sorted(set(_CODES.values()))) + r")\b)"
"""Pattern of a currency beside a number: a sign or a code."""

_LETTERS = "|".join(sorted((re.escape(word) for word in _CODES), key=len, reverse=True))
_GLUED = re.compile(rf"^(k|t|m|mm|mn|mio|tsd|bn)\.?({_LETTERS})$|^({_LETTERS})(k|t|m|mm|mn|mio|tsd|bn)\.?$")
_PER = re.compile(r"/|\b(?:per|por(?! ?cien)|pro|je)\b", re.IGNORECASE)
_LINKS = {"in", "en", "de", "of", "the", "a"}
_PERCENT = {"%", "percent", "pct", "porcentaje", "porciento", "prozent"}
_SCALES = {
    **dict.fromkeys(("k", "tsd", "thousand", "thousands", "miles", "tausend"), 3),
    **dict.fromkeys(("000", "000s", "1000", "x1000"), 3),
    **dict.fromkeys(("mn", "mm", "mio", "mill", "mln", "million", "millions", "millones", "millionen"), 6),
    **dict.fromkeys(("bn", "mrd", "billion", "billions", "milliarden", "milesmillones"), 9),
}
_DOUBTFUL = {"m": "thousand or million", "mil": "thousand or million", "t": "thousand or ton"}
_ODD_SCALES = {
    "thsd", "thou", "ths", "thds", "millares", "cent", "cents", "centimos", "céntimos", "ct", "cts",
    "hundred", "hundreds", "cientos", "lakh", "lakhs", "crore", "crores", "ke",
}  # fmt: skip
_DIGITS_OF_NAMES = re.compile(r"(?:19|20)\d\d|(?!x|e\d)[^\W\d_]+\d{1,2}")
"""A year, or a word such as "Q1", "m2" or "CO2"."""
_OTHER_MEANING = re.compile(
    r"\b(?:(?:if|when) used|si se usa|sd|std|stdev|standard|deviation|desviaci[oó]n|error|lower|upper|low"
    r"|high|inferior|superior|min|max|m[ií]n(?:imum|imo)?|m[aá]x(?:imum|imo)?|saved|savings?|ahorro|ahorrado)\b",
    re.IGNORECASE,
)
"""Words in brackets or after a comma that make a label mean another column."""


@dataclass(frozen=True)
class Unit:
    """What a unit says.

    Attributes:
        text: as it was written, ``""`` for none.
        scale: factor of the cells: 1000 for "k€".
        percent: whether the cells count per cent.
        currency: code of a currency, or None.
        known: whether every word of it was understood.
        problem: why it cannot be used, or None.
    """

    text: str = ""
    scale: Decimal = Decimal(1)
    percent: bool = False
    currency: str | None = None
    known: bool = False
    problem: str | None = None


def currency_of(text: str) -> str | None:
    """Return the code of a currency sign, code or name, or None.

    Example:
        >>> currency_of("€"), currency_of("usd"), currency_of("kg")
        ('EUR', 'USD', None)
    """
    return _CODES.get(text.lower())


def read_unit(text: str) -> Unit:
    """Read a unit.

    Args:
        text: what stands in brackets, after a comma, or at the end of a label.

    Returns:
        The unit; ``problem`` is set where it can mean two things.

    Example:
        >>> unit = read_unit("k€ / week")
        >>> unit.scale, unit.currency, unit.percent
        (Decimal('1000'), 'EUR', False)
        >>> read_unit("M").problem
        "'M' can mean thousand or million; write 'thousand' or 'million'"
    """
    spelled = re.sub(r"\b(?:por ciento|per cent)\b", "%", text.replace("×", "x").lower())
    above, *below = _PER.split(spelled, maxsplit=1)
    for part in below:
        if any(_scale_of(word, below=True)[0] is not None for word in _tokens(part)):
            below_line = f"{text!r} has thousands or millions below the line; convert the column"
            return Unit(text, problem=below_line)
    words = [word for word in _tokens(above) if word not in _LINKS]
    currencies = [code for word in words if (code := currency_of(word))]
    others = [word for word in words if not currency_of(word)]
    if others == ["miles", "millones"]:
        others = ["mrd"]
    scales = [_scale_of(word, below=False, money=bool(currencies)) for word in others]
    powers = [power for power, _ in scales if power is not None]
    percent = any(word in _PERCENT for word in others)
    doubts = [_doubt(text, doubt) for _, doubt in scales if doubt is not None]
    problem: str | None = doubts[0] if doubts else None
    if len(powers) > 1 or (percent and (powers or currencies)) or len(set(currencies)) > 1:
        problem = problem or f"{text!r} names several units; name one"
    return Unit(
        text,
        Decimal(10) ** powers[0] if powers else Decimal(1),
        percent,
        currencies[0] if currencies else None,
        bool(words) and len(powers) + percent >= len(others),
        problem,
    )


def _doubt(text: str, doubt: str) -> str:
    first, second = doubt.split(" or ")
    return f"{text!r} can mean {doubt}; write {first!r} or {second!r}"


def label_parts(label: str) -> Iterator[tuple[str, Unit]]:
    """Yield the ways to split a label into what it names and its unit, the likeliest first.

    Args:
        label: a label of a header.

    Yields:
        The name and its unit; the whole label with an empty unit first where it holds no sign of a unit.

    Example:
        >>> [(name, unit.text) for name, unit in label_parts("Cost (k€)")]
        [('Cost', 'k€')]
        >>> [(name, unit.text) for name, unit in label_parts("cost_eur")]
        [('cost_eur', ''), ('cost', 'eur')]
    """
    bracketed = re.fullmatch(r"(.+?)\s*[(\[{]([^()\[\]{}]*)[)\]}]\s*", label)
    if bracketed:
        if _OTHER_MEANING.search(bracketed[2]):
            yield label, Unit()
        else:
            yield bracketed[1].strip(), _checked(read_unit(bracketed[2].strip()))
        return
    if not re.search(r"[%€$£¥]", label):
        yield label, Unit()
    leading = re.fullmatch(r"%\s*(?:de |of )?\s*(.+)", label)
    if leading:
        yield leading[1], read_unit("%")
    name, comma, unit_text = label.rpartition(",")
    if comma and name.strip() and unit_text.strip() and not _OTHER_MEANING.search(unit_text):
        yield name.strip(), _checked(read_unit(unit_text.strip()))
    words = [part for part in re.split(r"[\s_]+|(?<=\w)(?=[%€$£])", label) if part]
    for count in range(min(4, len(words) - 1), 0, -1):
        unit = read_unit(" ".join(words[-count:]))
        if (unit.known and (unit.percent or unit.currency or unit.scale != 1)) or unit.problem:
            yield " ".join(words[:-count]).rstrip(",:- "), unit


def _checked(unit: Unit) -> Unit:
    """A unit in brackets or after a comma, with a problem where it looks like a scale that is not known."""
    odd = [word for word in _tokens(unit.text) if word in _ODD_SCALES]
    if unit.scale == 1:
        odd += [
            word
            for word in re.findall(r"[\w^']+", unit.text.lower())
            if any(sign.isdigit() for sign in word) and not _DIGITS_OF_NAMES.fullmatch(word)
        ]
    if unit.problem or unit.percent or not odd:
        return unit
    advice = "write 'thousand' or 'million' where it is one, else leave the number out of the unit"
    return replace(unit, problem=f"{odd[0]!r} in {unit.text!r} may be a scale that is not known; {advice}")


def _tokens(text: str) -> list[str]:
    return re.findall(r"us\$|[%€$£¥]|[^\W_]+[€$£¥]?|'?000s?", _spread(text.lower()))


def _spread(text: str) -> str:
    """A glued scale taken from its currency: "k€" is "k €", "teur" is "t eur"."""
    words = []
    for word in text.replace("'", "").replace("’", "").split():
        glued = _GLUED.match(word.strip(".,;"))
        if glued:
            words += [glued[1], glued[2]] if glued[1] else [glued[4], glued[3]]
        else:
            words.append(word.strip(".;"))
    return " ".join(words)


def _scale_of(word: str, *, below: bool, money: bool = False) -> tuple[int | None, str | None]:
    """Power of ten of a word, and what it can mean where it is doubtful."""
    word = word.strip("'’")
    if word in _SCALES:
        return _SCALES[word], None
    if word == "t" and money:
        return 3, None
    if word in _DOUBTFUL and not below:
        return None, _DOUBTFUL[word]
    return None, None
