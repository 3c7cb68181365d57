"""``hybrid-opt demo``: the budget demo; ``hybrid-opt demo hybrid``: quantum steps inside a transformer."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from ._optional import quiet_imports
from .cli_output import (
    Json,
    Report,
    Seed,
    TimeLimit,
    check_report,
    print_plan,
    print_sentences,
)
from .errors import OptionError
from .progress import shown

__all__ = ["budget", "demo_app", "hybrid"]

DEMO_DEPTH = 5  # QAOA layers

demo_app = typer.Typer()


@demo_app.callback(invoke_without_command=True)
def budget(
    context: typer.Context,
    seed: Seed = 0,
    as_json: Json = False,
    report: Report = Path("report.html"),
    qubits: Annotated[int, typer.Option(help="Most qubits of the coarse version, 4 to 20.")] = 14,
    time_limit: TimeLimit = 60.0,
) -> None:
    """Plan a synthetic marketing budget, with proof and a quantum second opinion; writes report.html.

    The command hybrid shows quantum steps inside a transformer instead.
    """
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    from .marketing import BudgetPlanner

    check_report(report)
    data = files("hybrid_opt.marketing") / "data"
    with (
        as_file(data / "plan.csv") as plan_file,
        as_file(data / "curves.csv") as curves_file,
        as_file(data / "caps.csv") as caps_file,
    ):
        planner = BudgetPlanner.from_csv(plan_file, curves_file, caps=caps_file)
    with shown("demo") as progress:
        plan = planner.solve(
            quantum=True,
            qubits=qubits,
            depth=DEMO_DEPTH,
            seed=seed,
            time_limit=time_limit,
            progress=progress,
        )
    plan.notes.append("the data is synthetic: it ships with the package and comes from a seeded generator")
    print_plan(plan, as_json=as_json, report=report)


@demo_app.command()
def hybrid(seed: Seed = 0, as_json: Json = False, report: Report = None) -> None:
    """Train a small transformer, choose its heads by QAOA, tune its scales; exact answers stand beside."""
    check_report(report)
    quiet_imports()
    from .tuning.hybrid_demo import run_hybrid_demo

    with shown("demo") as progress:
        result = run_hybrid_demo(seed=seed, progress=progress)
    print_plan(result, as_json=as_json, report=report)
    if not as_json:
        print_sentences(result.sentences())


def _refuse_options(context: typer.Context) -> None:
    """Options of the budget demo before the name of another demo would be ignored without a word."""
    given = [
        f"--{'json' if name == 'as_json' else name.replace('_', '-')}"
        for name in context.params
        if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
    ]
    if given:
        raise OptionError(
            f"{', '.join(given)} stands before {context.invoked_subcommand!r}, for the budget demo alone; "
            f"write options behind: hybrid-opt demo {context.invoked_subcommand} {given[0]} ..."
        )
