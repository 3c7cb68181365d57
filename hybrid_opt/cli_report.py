"""The command ``report``: saved plans together on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .cli_output import Json, check_report, print_json, print_tables, tell
from .errors import OptionError

__all__ = ["report"]


def report(
    files: Annotated[list[Path], typer.Argument(help="Plans saved as JSON (plan ... --json), or folders.")],
    path: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("report.html"),
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "All plans",
    as_json: Json = False,
) -> None:
    """Put saved plans together on one page that opens offline."""
    from .planning import combined_report
    from .planning.plan_summary import summary_table
    from .planning.saved_plan import SavedPlan, read_saved_plan

    check_report(path)
    plans: dict[str, SavedPlan] = {}
    for file in _files(files):
        try:
            plan = read_saved_plan(file)
        except OptionError as error:
            if file in files:
                raise
            tell(f"left out: {error}")
            continue
        name = file.stem if file.stem not in plans else str(file.with_suffix(""))
        plans[name] = plan
    if not plans:
        raise OptionError("no saved plan was found; save one with: hybrid-opt plan ... --json > plan.json")
    written = combined_report(plans, path, title=title)
    figures = {name: plan.figures() for name, plan in plans.items()}
    if as_json:
        print_json(figures)
    else:
        print_tables([summary_table(figures, title)])
    tell(f"report: {written}")


def _files(given: list[Path]) -> list[Path]:
    """The files, and the .json files of the folders."""
    found: list[Path] = []
    for path in given:
        found += sorted(path.glob("*.json")) if path.is_dir() else [path]
    return list(dict.fromkeys(found))
