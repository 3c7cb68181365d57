"""What is found out about a plan once it stands: one phase after the other, until all are done or ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..progress import Progress

__all__ = ["run_phases"]

BEGIN, EACH, END = 0.4, 0.05, 0.95  # shares of the progress


def run_phases(
    phases: Mapping[str, Callable[[], Any]], report: Progress, notes: list[str]
) -> dict[str, Any]:
    """Run phases in their order; a proven plan is not thrown away where ctrl-C ends one of them.

    Args:
        phases: words for the user -> what finds something out.
        report: called with the share done and the words.
        notes: gets a sentence on what was left out.

    Returns:
        Words -> what was found out, for the phases that ended.

    Example:
        >>> run_phases({"a sum": lambda: 1 + 1}, lambda share, words: None, [])
        {'a sum': 2}
    """
    done: dict[str, Any] = {}
    try:
        for words, run in phases.items():
            report(min(END, BEGIN + EACH * len(done)), words)
            done[words] = run()
    except KeyboardInterrupt:
        left = [words for words in phases if words not in done]
        notes.append(f"ctrl-C: the plan stands, but {', '.join(left)} was left out")
    return done
