"""The command line: results on stdout, progress and messages on stderr, ``--json`` everywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .classical import errors as classical_errors
from .cli_choice import register_choices
from .cli_demo import demo_app
from .cli_output import (
    INTERRUPTED,
    METHOD_HELP,
    InterruptedWithResult,
    Json,
    Seed,
    TimeLimit,
    print_json,
    tell,
)
from .cli_plan import plan_app
from .cli_posting import register_posting
from .cli_report import report
from .cli_selection import register_selections
from .cli_system import system
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
app.add_typer(demo_app, name="demo")
app.add_typer(plan_app, name="plan")
register_selections(plan_app)
register_choices(plan_app)
register_posting(plan_app)
register_commands(app)
app.add_typer(tune_app, name="tune")
app.command()(system)
app.command()(report)

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


if __name__ == "__main__":
    main()
