"""What the commands share: how results, messages and an interruption leave the program."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console

__all__ = ["INTERRUPTED", "InterruptedWithResult", "Json", "print_json", "tell"]

INTERRUPTED = 130
"""Exit code of ctrl-C."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


class InterruptedWithResult(SystemExit):
    """Ends a command that ctrl-C cut short after it has shown what there is."""

    def __init__(self) -> None:
        super().__init__(INTERRUPTED)


def print_json(content: Any) -> None:
    """Print a result on stdout.

    Args:
        content: what JSON can hold; a number that is none is an error.

    Example:
        >>> print_json({"a": 1})
        {
          "a": 1
        }
    """
    sys.stdout.write(json.dumps(content, indent=2, allow_nan=False) + "\n")


def tell(text: str) -> None:
    """Print a message on stderr, as it stands.

    Args:
        text: one message.

    Example:
        >>> tell("report: report.html")
    """
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)
