"""``hybrid-opt plan audience | processes | strategy``: what to choose, with proof and reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .cli_output import Json, Report, Seed, TimeLimit
from .cli_plan import (
    Depth,
    Draws,
    Excel,
    Method,
    Mixer,
    Quantum,
    Qubits,
    Shots,
    Tolerance,
    Train,
    check_files,
    named_limits,
    number_or_path,
    solve_plan,
)

__all__ = ["register_selections"]

Choose = Annotated[int | None, typer.Option(help="How many to choose; any number if left out.")]
AtMost = Annotated[bool, typer.Option("--at-most", help="Fewer may be chosen.")]
Groups = Annotated[Path | None, typer.Option(help="Table group, at_least, at_most, min_share.")]
WhatIf = Annotated[list[str] | None, typer.Option(help="A line to force in and out; may be repeated.")]


def register_selections(app: typer.Typer) -> None:
    """Enter the three commands.

    Args:
        app: ``hybrid-opt plan``.
    """
    for command in (audience, processes, strategy):
        app.command()(command)


def audience(
    segments: Annotated[Path, typer.Argument(help="Table: segment, size, value, cost, group, ...")],
    overlaps: Annotated[Path | None, typer.Option(help="Square table, or segment, other, overlap.")] = None,
    members: Annotated[
        Path | None, typer.Option(help="Table person, segment; or people and a column per segment.")
    ] = None,
    choose: Choose = None,
    at_most: AtMost = False,
    budget: Annotated[float | None, typer.Option(help="Most cost.")] = None,
    exclusions: Annotated[Path | None, typer.Option(help="Table segment, other.")] = None,
    groups: Groups = None,
    subtract_cost: Annotated[bool, typer.Option(help="Take the cost off the value.")] = False,
    overlap_weight: Annotated[
        float | None, typer.Option(help="Factor of all overlaps in the model with pairs, 0 to 1.")
    ] = None,
    method: Method = "auto",
    quantum: Quantum = False,
    qubits: Qubits = 20,
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
    """Choose overlapping segments: true reach where memberships are known."""
    from .marketing import AudiencePlanner

    check_files(report, excel)
    planner = AudiencePlanner.from_csv(
        segments,
        overlaps=overlaps,
        members=members,
        choose=choose,
        at_most=at_most,
        budget=budget,
        exclusions=exclusions,
        groups=groups,
        subtract_cost=subtract_cost,
        overlap_weight=overlap_weight,
    )
    options = {"quantum": quantum, "qubits": qubits, "depth": depth, "shots": shots, "mixer": mixer}
    options |= {"max_evaluations": train, "tolerance": tolerance, "draws": draws, "what_if": what_if or ()}
    solve_plan(planner, method, options, report, excel, seed, time_limit, as_json)


def processes(
    improvements: Annotated[Path, typer.Argument(help="Table: improvement, saving, area, cost, staff, ...")],
    limit: Annotated[
        list[str] | None, typer.Option(help="NAME=LIMIT of a column, e.g. cost=50000; may be repeated.")
    ] = None,
    areas: Annotated[Path | None, typer.Option(help="Table area, cost; savings are shares of it.")] = None,
    overlaps: Annotated[
        Path | None, typer.Option(help="Without areas: table improvement, other, overlap.")
    ] = None,
    choose: Choose = None,
    at_most: AtMost = False,
    exclusions: Annotated[Path | None, typer.Option(help="Table improvement, other.")] = None,
    needs: Annotated[Path | None, typer.Option(help="Table improvement, needs.")] = None,
    groups: Groups = None,
    overlap_weight: Annotated[
        float | None, typer.Option(help="Factor of all overlaps in the model with pairs, 0 to 1.")
    ] = None,
    method: Method = "auto",
    quantum: Quantum = False,
    qubits: Qubits = 20,
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
    """Choose process improvements by what they save together."""
    from .business import ProcessPlanner

    check_files(report, excel)
    planner = ProcessPlanner.from_csv(
        improvements,
        limits=named_limits(limit or [], option="--limit"),
        areas=areas,
        overlaps=overlaps,
        choose=choose,
        at_most=at_most,
        exclusions=exclusions,
        needs=needs,
        groups=groups,
        overlap_weight=overlap_weight,
    )
    options = {"quantum": quantum, "qubits": qubits, "depth": depth, "shots": shots, "mixer": mixer}
    options |= {"max_evaluations": train, "tolerance": tolerance, "draws": draws, "what_if": what_if or ()}
    solve_plan(planner, method, options, report, excel, seed, time_limit, as_json)


def strategy(
    projects: Annotated[Path, typer.Argument(help="Table: project, value, cost, duration, category, ...")],
    periods: Annotated[int, typer.Option(help="How many periods there are.")],
    budgets: Annotated[str, typer.Option(help="Money per period, or a table period, budget.")],
    rate: Annotated[float, typer.Option(help="Discount rate per period.")] = 0.0,
    subtract_cost: Annotated[bool, typer.Option(help="Take the discounted costs off the value.")] = False,
    choose: Choose = None,
    at_most: AtMost = False,
    exclusions: Annotated[Path | None, typer.Option(help="Table project, other.")] = None,
    needs: Annotated[Path | None, typer.Option(help="Table project, needs.")] = None,
    groups: Groups = None,
    risk: Annotated[Path | None, typer.Option(help="Square table: covariances, not discounted.")] = None,
    futures: Annotated[Path | None, typer.Option(help="Instead of risk: factors per future.")] = None,
    risk_aversion: Annotated[float, typer.Option(help="Value given up per discounted variance.")] = 0.0,
    third: Annotated[str | None, typer.Option(help="Column of a third objective, for the front.")] = None,
    pareto: Annotated[int, typer.Option(help="Floors of value of the efficient front; 0 for none.")] = 0,
    method: Method = "auto",
    quantum: Quantum = False,
    qubits: Qubits = 20,
    depth: Depth = 3,
    shots: Shots = 1000,
    train: Train = 0,
    mixer: Mixer = "x",
    tolerance: Tolerance = 0.01,
    what_if: WhatIf = None,
    report: Report = None,
    excel: Excel = None,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    as_json: Json = False,
) -> None:
    """Choose projects and the periods in which they start."""
    from .business import StrategyPlanner

    check_files(report, excel)
    planner = StrategyPlanner.from_csv(
        projects,
        periods=periods,
        budgets=number_or_path(budgets),
        rate=rate,
        subtract_cost=subtract_cost,
        choose=choose,
        at_most=at_most,
        exclusions=exclusions,
        needs=needs,
        groups=groups,
        risk=risk,
        futures=futures,
        risk_aversion=risk_aversion,
        third=third,
    )
    options = {"quantum": quantum, "qubits": qubits, "depth": depth, "shots": shots, "mixer": mixer}
    options |= {"max_evaluations": train, "tolerance": tolerance, "what_if": what_if or (), "pareto": pareto}
    solve_plan(planner, method, options, report, excel, seed, time_limit, as_json)
