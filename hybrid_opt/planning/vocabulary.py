"""What a level plan calls its lines, amounts and values, so that its messages speak the user's language.

A budget plan divides money among channels that respond; a resource plan gives levels to departments that
have a value. Both are the same question, read, checked, solved and shown by the same code with other words.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHANNELS", "Vocabulary"]


@dataclass(frozen=True)
class Vocabulary:
    """The words of one task.

    Attributes:
        title: what the answer is called, e.g. ``"Budget plan"``.
        line: one line of the plan, also the column of its name, e.g. ``"channel"``.
        lines: several of them, also their key in JSON.
        amount: what a line gets, also the column of curves, e.g. ``"spend"``.
        amounts: several of them.
        amount_unit: in what amounts are counted, e.g. ``"money per period"``.
        measure: what an amount is made of, in messages, e.g. ``"money"``.
        value: what a line brings, also the column of curves, e.g. ``"response"``.
        period: ending of a value's unit, e.g. ``" per period"``.
        what: title of the table of lines.
        strength: unit of a synergy's strength.
        product: what a synergy's strength is multiplied by.
        total: what limits the sum of all amounts.
        choice: whether an amount is only 0 or 1: the line is chosen or not.
        fixed_caps: whether caps belong to the question, and are no limits to move.
        fixed_total: likewise of how many are chosen.

    Example:
        >>> CHANNELS.line, CHANNELS.amounts, CHANNELS.value
        ('channel', 'spends', 'response')
    """

    title: str
    line: str
    lines: str
    amount: str
    amounts: str
    amount_unit: str
    measure: str
    value: str
    period: str
    what: str
    strength: str
    product: str
    total: str = "budget"
    choice: bool = False
    fixed_caps: bool = False
    fixed_total: bool = False


CHANNELS = Vocabulary(
    title="Budget plan",
    line="channel",
    lines="channels",
    amount="spend",
    amounts="spends",
    amount_unit="money per period",
    measure="money",
    value="response",
    period=" per period",
    what="What to spend where",
    strength="response per money",
    product="times spend * spend / budget",
)
"""The words of the budget plan, which are used where no others are given."""
