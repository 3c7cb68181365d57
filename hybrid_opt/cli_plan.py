"""``hybrid-opt plan ...``: business plans from tables. The options of all plans are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_output import Json, Report, Seed, TimeLimit, check_report, print_plan, tell
from .errors import OptionError
from .progress import shown

__all__ = [
    "Depth",
    "Draws",
    "Excel",
    "Method",
    "Mixer",
    "Quantum",
    "Qubits",
    "Shots",
    "Tolerance",
    "Train",
    "check_files",
    "named_limits",
    "number_or_path",
    "plan_app",
    "solve_plan",
]

plan_app = typer.Typer(help="Business plans from tables.", no_args_is_help=True)

Caps = Annotated[Path | None, typer.Option(help="Table group, cap.")]
Extrapolate = Annotated[bool, typer.Option(help="Hold a curve's last value beyond its end.")]
Method = Annotated[str, typer.Option(help="auto (proven), or a method of solve for a zoom.")]
Quantum = Annotated[bool, typer.Option(help="Add the quantum second opinion.")]
Qubits = Annotated[int, typer.Option(help="Most qubits, 4 to 20.")]
Depth = Annotated[int, typer.Option(help="QAOA layers.")]
Shots = Annotated[int, typer.Option(help="QAOA draws.")]
Train = Annotated[int, typer.Option(help="Expectation values for training QAOA's angles.")]
Mixer = Annotated[str, typer.Option(help="QAOA's mixer: x, xy-exact, xy-trotter or grover.")]
Tolerance = Annotated[float, typer.Option(help="Share of the best that counted plans may lose.")]
Draws = Annotated[int, typer.Option(help="Solve again for so many draws of the curves.")]
WhatIf = Annotated[list[str] | None, typer.Option(help="A line to try other amounts for; may be repeated.")]
Excel = Annotated[Path | None, typer.Option(help="Also write all tables as an Excel workbook.")]


@plan_app.command()
def budget(
    plan: Annotated[
        Path | None, typer.Argument(help="Plan table: channel, current, min, max, step, ...")
    ] = None,
    curves: Annotated[
        Path | None, typer.Argument(help="Curves: channel, spend, response; or Hill parameters.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="In place of curves: a weekly history, a row per week.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="Its column of the outcome.")] = None,
    date: Annotated[
        str | None, typer.Option(help="Its column of the date.", show_default="date")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="Its column of a channel's spend; may be repeated.")
    ] = None,
    control: Annotated[
        list[str] | None, typer.Option(help="Its column of what else moves the outcome; may be repeated.")
    ] = None,
    holdout: Annotated[
        int | None, typer.Option(help="Last weeks of it that the fit is checked on.", show_default="26")
    ] = None,
    step: Annotated[float | None, typer.Option(help="Step of spends, with a history and no plan.")] = None,
    target: Annotated[
        float | None, typer.Option(help="Find the least spend for this response instead.")
    ] = None,
    roas_floor: Annotated[
        float | None, typer.Option(help="Least response per money of the whole plan.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="Money per period; today's total if left out.")] = None,
    at_most: Annotated[bool, typer.Option("--at-most", help="The budget is a limit, not a must.")] = False,
    caps: Caps = None,
    synergies: Annotated[Path | None, typer.Option(help="Table channel, other, strength.")] = None,
    extrapolate: Extrapolate = False,
    method: Method = "auto",
    quantum: Quantum = False,
    qubits: Qubits = 14,
    depth: Depth = 3,
    shots: Shots = 1000,
    train: Train = 0,
    mixer: Mixer = "x",
    tolerance: Tolerance = 0.01,
    draws: Draws = 0,
    what_if: WhatIf = None,
    report: Report = None,
    excel: Excel = None,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    as_json: Json = False,
) -> None:
    """Divide a budget among channels, with proof, reasons and alternatives."""
    from .cli_budget import budget_planner

    check_files(report, excel)
    planner = budget_planner(
        plan,
        curves,
        {"history": history, "outcome": outcome, "date": date, "spend": channel, "controls": control,
         "holdout": holdout, "step": step, "seed": seed},
        extrapolate=extrapolate,
        at_most=at_most,
        budget=budget,
        caps=caps,
        synergies=synergies,
        roas_floor=roas_floor,
    )
    options = {"quantum": quantum, "qubits": qubits, "depth": depth, "shots": shots, "mixer": mixer}
    options |= {"max_evaluations": train, "tolerance": tolerance, "draws": draws, "what_if": what_if or ()}
    if target is not None:
        options["target"] = target
    solve_plan(planner, method, options, report, excel, seed, time_limit, as_json)


@plan_app.command()
def resources(
    departments: Annotated[Path, typer.Argument(help="Table: department, current, min, max, step, ...")],
    curves: Annotated[Path, typer.Argument(help="Curves: department, level, value; or Hill parameters.")],
    resource: Annotated[list[str], typer.Option(help="NAME=LIMIT, e.g. staff=40; may be repeated.")],
    caps: Caps = None,
    fairness: Annotated[
        str | None, typer.Option(help="Most that level / need may differ, or a table of pairs with delta.")
    ] = None,
    synergies: Annotated[Path | None, typer.Option(help="Table department, other, strength.")] = None,
    extrapolate: Extrapolate = False,
    method: Method = "auto",
    quantum: Quantum = False,
    qubits: Qubits = 14,
    depth: Depth = 3,
    shots: Shots = 1000,
    train: Train = 0,
    mixer: Mixer = "x",
    tolerance: Tolerance = 0.01,
    draws: Draws = 0,
    what_if: WhatIf = None,
    report: Report = None,
    excel: Excel = None,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    as_json: Json = False,
) -> None:
    """Divide limited resources among departments, with proof, reasons and alternatives."""
    from .business import ResourcePlanner

    check_files(report, excel)
    planner = ResourcePlanner.from_csv(
        departments,
        curves,
        resources=named_limits(resource),
        caps=caps,
        fairness=number_or_path(fairness),
        synergies=synergies,
        extrapolate=extrapolate,
    )
    options = {"quantum": quantum, "qubits": qubits, "depth": depth, "shots": shots, "mixer": mixer}
    options |= {"max_evaluations": train, "tolerance": tolerance, "draws": draws, "what_if": what_if or ()}
    solve_plan(planner, method, options, report, excel, seed, time_limit, as_json)


def solve_plan(
    planner: Any,
    method: str,
    options: dict[str, Any],
    report: Path | None,
    excel: Path | None,
    seed: int | None,
    time_limit: float,
    as_json: bool,
) -> None:
    """Solve with a progress line on stderr, then print and write what was asked for.

    With the option "target" the planner's ``least_spend`` answers in place of its ``solve``.
    """
    ask = planner.least_spend if "target" in options else planner.solve
    with shown("planning") as progress:
        answer = ask(method=method, **options, seed=seed, time_limit=time_limit, progress=progress)
    written = None if excel is None else answer.to_excel(excel)
    print_plan(answer, as_json=as_json, report=report)
    if written is not None:
        tell(f"workbook: {written}")


def check_files(report: Path | None, excel: Path | None) -> None:
    """Refuse impossible places before the work, not after it.

    Args:
        report: where the page is to go, or None.
        excel: where the workbook is to go, or None.

    Raises:
        OptionError: another ending than .html or .xlsx, or a folder that does not exist.
    """
    check_report(report)
    if excel is None:
        return
    if excel.suffix.lower() != ".xlsx":
        raise OptionError(f"the workbook {excel} does not end with .xlsx; only that form is written")
    if not excel.absolute().parent.is_dir():
        raise OptionError(f"the workbook {excel} cannot be written: its folder does not exist; create it")


def named_limits(given: list[str], option: str = "--resource") -> dict[str, float]:
    """NAME=LIMIT texts as a mapping.

    Args:
        given: the texts.
        option: the flag they belong to, for messages.

    Returns:
        Name -> limit.

    Raises:
        OptionError: a text of another form, or a name that is given twice.

    Example:
        >>> named_limits(["staff=40"])
        {'staff': 40.0}
    """
    limits: dict[str, float] = {}
    for text in given:
        name, equals, number = text.partition("=")
        name = name.strip()
        try:
            limit = float(number)
        except ValueError:
            limit = float("nan")
        if not name or not equals or limit != limit:
            raise OptionError(f"{option} is {text!r}; write NAME=LIMIT with a number, e.g. staff=40")
        if name in limits:
            raise OptionError(f"{option} {name} is given twice; keep one limit")
        limits[name] = limit
    return limits


def number_or_path(given: str | None) -> float | Path | None:
    """A number for all pairs, or the path of a table."""
    if given is None:
        return None
    try:
        return float(given)
    except ValueError:
        return Path(given)
