"""What the commands share: options, and how results, messages and an interruption leave the program."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from .errors import OptionError

__all__ = [
    "INTERRUPTED",
    "METHOD_HELP",
    "InterruptedWithResult",
    "Json",
    "Report",
    "Seed",
    "TimeLimit",
    "check_report",
    "print_json",
    "print_plan",
    "print_sentences",
    "print_tables",
    "tell",
]

INTERRUPTED = 130
"""Exit code of ctrl-C."""

# Spelled out, because looking the names up would import the solvers for every command.
METHOD_HELP = "auto, exact, milp, anneal, tabu, greedy, uniform, decomposed, qaoa or vqe."

Seed = Annotated[int | None, typer.Option(help="Repeats the answer; drawn and recorded if left out.")]
TimeLimit = Annotated[float, typer.Option(help="Seconds for each method; a guard, not the effort.")]
Report = Annotated[Path | None, typer.Option(help="Also write a page that opens offline.")]
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


def print_tables(tables: Iterable[Any]) -> None:
    """Print tables on stdout, a blank line after each.

    Args:
        tables: of ``hybrid_opt.reports``.

    Example:
        >>> print_tables([])
    """
    from .reports import print_table

    console = Console()
    for table in tables:
        print_table(table, console)
        console.print()


def print_sentences(sentences: Iterable[str]) -> None:
    """Print sentences on stdout, broken between words.

    Args:
        sentences: one entry each; an entry of several lines is indented from the second on.

    Example:
        >>> print_sentences(["Nothing was gained."])
        Nothing was gained.
    """
    console = Console(highlight=False)
    for sentence in sentences:
        width = max(20, console.width)
        lines = textwrap.wrap(sentence, width, subsequent_indent="  ", break_on_hyphens=False)
        console.print("\n".join(lines), markup=False, soft_wrap=True)


def print_plan(plan: Any, *, as_json: bool, report: Path | None) -> None:
    """Print a plan on stdout, and write its page where one was asked for.

    Args:
        plan: what has ``tables``, ``to_dict`` and ``report``, such as a ``BudgetPlan``.
        as_json: JSON instead of tables.
        report: where the page goes, or None.

    Raises:
        OptionError: the page cannot be written there.
    """
    written = None if report is None else plan.report(report)
    if as_json:
        print_json(plan.to_dict())
    else:
        print_tables(plan.tables())
    if written is not None:
        tell(f"report: {written}")


def tell(text: str) -> None:
    """Print a message on stderr, as it stands.

    Args:
        text: one message.

    Example:
        >>> tell("report: report.html")
    """
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def check_report(report: Path | None) -> None:
    """Refuse an impossible place before the work, not after it.

    Args:
        report: where a page shall be written, or None.

    Raises:
        OptionError: it does not end with .html or .htm, or its folder does not exist.

    Example:
        >>> check_report(None)
    """
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"the report {report} does not end with .html; only that form is written")
    if report is not None and not report.absolute().parent.is_dir():
        raise OptionError(f"the report {report} cannot be written: its folder does not exist; create it")
