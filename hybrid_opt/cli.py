"""The command line: results on stdout, progress and messages on stderr, ``--json`` everywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .classical import errors as classical_errors
from .cli_demo import demo_app
from .cli_output import (
    INTERRUPTED,
    METHOD_HELP,
    InterruptedWithResult,
    Json,
    Report,
    Seed,
    TimeLimit,
    check_report,
    print_json,
    print_plan,
    tell,
)
from .cli_transformer import register_commands
from .cli_tuning import tune_app
from .errors import HybridOptError
from .progress import shown

__all__ = ["app", "main"]

app = typer.Typer(
    name="hybrid-opt",
    help="Quantum-classical hybrid optimization: every answer with its bound, its gap and its baselines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
plan_app = typer.Typer(help="Business plans from tables.", no_args_is_help=True)
app.add_typer(demo_app, name="demo")
app.add_typer(plan_app, name="plan")
register_commands(app)
app.add_typer(tune_app, name="tune")

# The errors of the classical half have no class of their own in common: that folder imports nothing of ours.
EXPECTED = (HybridOptError, *(getattr(classical_errors, name) for name in classical_errors.__all__))


def main() -> None:
    """Run the command line; expected errors are one message and exit code 2, ctrl-C is 130."""
    try:
        app()
    except EXPECTED as error:
        tell(f"error: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        tell("interrupted")
        sys.exit(INTERRUPTED)
    except SystemExit as stop:
        # The command-line library turns ctrl-C into this code itself, without a word.
        if stop.code == INTERRUPTED and not isinstance(stop, InterruptedWithResult):
            tell("interrupted before there was anything to show")
        raise


@app.command()
def devices(as_json: Json = False) -> None:
    """List simulators, and why one is not used."""
    from . import circuits
    from .reports import Table, print_table

    table = circuits.available_devices()
    if as_json:
        print_json(json.loads(table.to_json(orient="records")))
        return
    rows = [[str(cell) for cell in row] for row in table.itertuples(index=False)]
    print_table(Table([str(name) for name in table.columns], rows, title="Simulators"), Console())


@app.command()
def solve(
    file: Annotated[Path, typer.Argument(help="dimod CQM or BQM file, LP file, or sparse QUBO text.")],
    method: Annotated[str, typer.Option(help=METHOD_HELP)] = "auto",
    compare: Annotated[list[str] | None, typer.Option(help="Run this too; may be repeated.")] = None,
    prove: Annotated[bool, typer.Option(help="Add a bound by MILP if the method proves none.")] = False,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    as_json: Json = False,
) -> None:
    """Minimize the model in FILE and say how good the answer is."""
    from .qubo.files import read_model_file
    from .solvers import solve as solve_model

    model = read_model_file(file)
    with shown(f"solving {file.name}") as progress:
        solution = solve_model(
            model,
            method,
            compare=compare or (),
            prove=prove,
            seed=seed,
            time_limit=time_limit,
            progress=progress,
        )
    if as_json:
        print_json(solution.to_dict())
        return
    sys.stdout.write(f"{solution}\n")


@plan_app.command()
def budget(
    plan: Annotated[Path, typer.Argument(help="Plan table: channel, current, min, max, step, ...")],
    curves: Annotated[Path, typer.Argument(help="Curves: channel, spend, response; or Hill parameters.")],
    budget: Annotated[float | None, typer.Option(help="Money per period; today's total if left out.")] = None,
    at_most: Annotated[bool, typer.Option("--at-most", help="The budget is a limit, not a must.")] = False,
    caps: Annotated[Path | None, typer.Option(help="Table group, cap.")] = None,
    synergies: Annotated[Path | None, typer.Option(help="Table channel, other, strength.")] = None,
    extrapolate: Annotated[bool, typer.Option(help="Hold the last response beyond a curve's end.")] = False,
    method: Annotated[str, typer.Option(help="auto (proven), or a method of solve for a zoom.")] = "auto",
    quantum: Annotated[bool, typer.Option(help="Add the quantum second opinion.")] = False,
    qubits: Annotated[int, typer.Option(help="Most qubits, 4 to 20.")] = 14,
    depth: Annotated[int, typer.Option(help="QAOA layers.")] = 3,
    shots: Annotated[int, typer.Option(help="QAOA draws.")] = 1000,
    train: Annotated[int, typer.Option(help="Expectation values for training QAOA's angles.")] = 0,
    tolerance: Annotated[float, typer.Option(help="Share of the best that counted plans may lose.")] = 0.01,
    report: Report = None,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    as_json: Json = False,
) -> None:
    """Divide a budget among channels, with proof, reasons and alternatives."""
    from .marketing import BudgetPlanner

    check_report(report)
    planner = BudgetPlanner.from_csv(
        plan,
        curves,
        budget=budget,
        spend="at_most" if at_most else "exactly",
        caps=caps,
        synergies=synergies,
        extrapolate=extrapolate,
    )
    with shown("planning") as progress:
        answer = planner.solve(
            method,
            quantum=quantum,
            qubits=qubits,
            depth=depth,
            shots=shots,
            max_evaluations=train,
            tolerance=tolerance,
            seed=seed,
            time_limit=time_limit,
            progress=progress,
        )
    print_plan(answer, as_json=as_json, report=report)


if __name__ == "__main__":
    main()
