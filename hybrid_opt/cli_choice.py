"""``hybrid-opt plan prices | content``: one option for each of several, with proof and reasons."""

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
    Quantum,
    Qubits,
    Shots,
    Tolerance,
    Train,
    check_files,
    solve_plan,
)
from .errors import OptionError

__all__ = ["register_choices"]

Mixer = Annotated[str, typer.Option(help="QAOA's mixer: xy-exact, xy-trotter, grover or x.")]
WhatIf = Annotated[list[str] | None, typer.Option(help="A product to hold at each price; may be repeated.")]
WhatIfFactor = Annotated[
    list[str] | None, typer.Option("--what-if", help="A factor to hold at each level, e.g. 'startup: image'.")
]
Interactions = Annotated[
    str | None, typer.Option(help="Factors with joint effects in tests: headline*image,image*call.")
]


def register_choices(app: typer.Typer) -> None:
    """Enter the commands.

    Args:
        app: ``hybrid-opt plan``.
    """
    app.command()(prices)
    app.command()(content)


def prices(
    products: Annotated[Path, typer.Argument(help="Table: product, price, cost, min_margin, tier, ...")],
    demand: Annotated[
        Path | None, typer.Option(help="product; base, slope or volume, elasticity or utility, price_effect.")
    ] = None,
    cross: Annotated[Path | None, typer.Option(help="Table product, other, effect.")] = None,
    history: Annotated[
        Path | None, typer.Option(help="Instead of demand: period, product, price, quantity.")
    ] = None,
    form: Annotated[str, typer.Option(help="Of an estimate: linear or elasticity.")] = "linear",
    customers: Annotated[float | None, typer.Option(help="How many choose, for logit demand.")] = None,
    outside: Annotated[float, typer.Option(help="Utility of buying nothing, for logit demand.")] = 0.0,
    ladder: Annotated[Path | None, typer.Option(help="Table product, price of the price points.")] = None,
    shares: Annotated[
        str | None, typer.Option(help="Instead: shares of today's prices, e.g. 0.9,1,1.1.")
    ] = None,
    endings: Annotated[str | None, typer.Option(help="Legal ends of prices from shares: 0.99,0.95.")] = None,
    order: Annotated[Path | None, typer.Option(help="Table product, other: costs at most as much.")] = None,
    tiers: Annotated[str | None, typer.Option(help="From cheap to dear: discount,base,premium.")] = None,
    max_changes: Annotated[int | None, typer.Option(help="Most prices that change.")] = None,
    max_index: Annotated[float | None, typer.Option(help="Most mean of price / today's price.")] = None,
    method: Method = "auto",
    quantum: Quantum = False,
    qubits: Qubits = 20,
    depth: Depth = 3,
    shots: Shots = 1000,
    train: Train = 0,
    mixer: Mixer = "xy-exact",
    tolerance: Tolerance = 0.01,
    draws: Draws = 0,
    what_if: WhatIf = None,
    report: Report = None,
    excel: Excel = None,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    as_json: Json = False,
) -> None:
    """Choose a price point for every product."""
    from .business import PricePlanner
    from .business.price_ladder import SHARES

    check_files(report, excel)
    if ladder is not None and shares is not None:
        raise OptionError("give --ladder or --shares, not both")
    numbers = list(SHARES) if shares is None else _numbers(shares, "--shares")
    planner = PricePlanner.from_csv(
        products,
        demand=demand,
        cross=cross,
        history=history,
        form=form,
        customers=customers,
        outside=outside,
        ladder=numbers if ladder is None else ladder,
        endings=None if endings is None else _numbers(endings, "--endings"),
        order=order,
        tiers=None if tiers is None else [tier.strip() for tier in tiers.split(",")],
        max_changes=max_changes,
        max_index=max_index,
    )
    options = {"quantum": quantum, "qubits": qubits, "depth": depth, "shots": shots, "mixer": mixer}
    options |= {"max_evaluations": train, "tolerance": tolerance, "draws": draws, "what_if": what_if or ()}
    solve_plan(planner, method, options, report, excel, seed, time_limit, as_json)


def content(
    levels: Annotated[
        Path | None, typer.Argument(help="Table: factor, level, effect, audience, error, cost, current, ...")
    ] = None,
    tests: Annotated[
        Path | None, typer.Option(help="Instead of effects: a column per factor, impressions, conversions.")
    ] = None,
    interactions: Interactions = None,
    pairs: Annotated[
        Path | None, typer.Option(help="factor, level, other, other_level, effect, error, audience.")
    ] = None,
    audiences: Annotated[Path | None, typer.Option(help="Table audience, size, base.")] = None,
    forbidden: Annotated[Path | None, typer.Option(help="factor, level, other, other_level.")] = None,
    required: Annotated[Path | None, typer.Option(help="factor, level, needs, needs_level.")] = None,
    scale: Annotated[str, typer.Option(help="linear, or logit for effects that are log-odds.")] = "linear",
    worth: Annotated[float | None, typer.Option(help="Money that one unit of outcome brings.")] = None,
    budget: Annotated[float | None, typer.Option(help="Most that all production may cost.")] = None,
    fatigue: Annotated[float, typer.Option(help="Share that a level loses at full exposure.")] = 0.0,
    explore: Annotated[int | None, typer.Option(help="Fewest factors at another level than today.")] = None,
    explore_error: Annotated[
        float | None, typer.Option(help="Instead: at a level whose standard error is above this.")
    ] = None,
    method: Method = "auto",
    quantum: Quantum = False,
    qubits: Qubits = 20,
    depth: Depth = 3,
    shots: Shots = 1000,
    train: Train = 0,
    mixer: Mixer = "xy-exact",
    tolerance: Tolerance = 0.01,
    draws: Draws = 0,
    what_if: WhatIfFactor = None,
    report: Report = None,
    excel: Excel = None,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    as_json: Json = False,
) -> None:
    """Choose one level of every factor for every audience."""
    from .marketing import ContentPlanner

    check_files(report, excel)
    planner = ContentPlanner(
        levels,
        tests=tests,
        interactions=[] if interactions is None else _factors(interactions),
        pairs=pairs,
        audiences=audiences,
        forbidden=forbidden,
        required=required,
        scale=scale,
        worth=worth,
        budget=budget,
        fatigue=fatigue,
        explore=explore,
        explore_error=explore_error,
    )
    options = {"quantum": quantum, "qubits": qubits, "depth": depth, "shots": shots, "mixer": mixer}
    options |= {"max_evaluations": train, "tolerance": tolerance, "draws": draws, "what_if": what_if or ()}
    solve_plan(planner, method, options, report, excel, seed, time_limit, as_json)


def _factors(text: str) -> list[tuple[str, str]]:
    """Pairs of factors: a*b,c*d."""
    found = []
    for part in text.split(","):
        names = [name.strip() for name in part.split("*")]
        if len(names) != 2 or not all(names):
            raise OptionError(f"--interactions is {text!r}; write pairs of factors, e.g. headline*image")
        found.append((names[0], names[1]))
    return found


def _numbers(text: str, option: str) -> list[float]:
    """Numbers that are separated by commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise OptionError(f"{option} is {text!r}; write numbers and commas, e.g. 0.9,1,1.1") from None
