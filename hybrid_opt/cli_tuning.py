"""The commands ``tune ...``: options over a trained folder, results on stdout, progress on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._optional import quiet_imports
from .cli_output import (
    METHOD_HELP,
    InterruptedWithResult,
    Json,
    Report,
    Seed,
    TimeLimit,
    check_report,
    print_json,
    print_sentences,
    print_tables,
    tell,
)
from .cli_tune_attention import attention
from .errors import OptionError
from .progress import shown

if TYPE_CHECKING:
    from .tuning.folder_heads import FolderHeads

__all__ = ["heads", "tune_app"]

tune_app = typer.Typer(help="Tune a transformer: its settings, and which heads stay.", no_args_is_help=True)
tune_app.command()(attention)


@tune_app.callback()
def _group() -> None:
    """Tune a transformer: its settings, and which heads stay."""


@tune_app.command()
def heads(
    folder: Annotated[Path, typer.Argument(help="Folder that train wrote.")],
    keep: Annotated[
        str | None,
        typer.Option(
            help="Share (0.5), number of heads (6), or numbers per layer (3,2,1).", show_default="0.5"
        ),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Instead of --keep: what the kept heads may cost.")
    ] = None,
    costs: Annotated[str, typer.Option(help="What the budget counts: parameters or flops.")] = "parameters",
    method: Annotated[str, typer.Option(help=METHOD_HELP)] = "auto",
    compare: Annotated[
        list[str] | None,
        typer.Option(
            help="Run this too; may be repeated.", show_default="beside qaoa and vqe: exact or milp, greedy"
        ),
    ] = None,
    evaluations: Annotated[
        int | None,
        typer.Option(help="Calibration losses to measure; 0 for none.", show_default="4 per head"),
    ] = None,
    examples: Annotated[int, typer.Option(help="Most calibration examples, of the training split.")] = 512,
    redundancy: Annotated[float, typer.Option(help="Weight against keeping heads that are alike.")] = 0.0,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    report: Report = None,
    out: Annotated[Path | None, typer.Option(help="Write the pruned model as a new trained folder.")] = None,
    as_json: Json = False,
) -> None:
    """Choose the attention heads of a trained model that stay, with proof and held-out losses."""
    check_report(report)
    wanted = read_keep(keep)
    quiet_imports()
    from .tuning.folder_heads import select_folder_heads

    with shown("choosing heads") as progress:
        answer = select_folder_heads(
            folder,
            wanted,
            budget=budget,
            costs=costs,
            method=method,
            compare=compare or (),
            evaluations=evaluations,
            examples=examples,
            redundancy=redundancy,
            seed=seed,
            time_limit=time_limit,
            out=out,
            progress=progress,
        )
    stopped = answer.selection.interrupted
    written = None if report is None or stopped else answer.report(report)
    _print(answer, as_json=as_json)
    if seed is None and not as_json:
        tell(f"seed: {answer.selection.seed}")
    if written is not None:
        tell(f"report: {written}")
    if answer.written is not None:
        tell(f"pruned model: {answer.written}")
    if stopped:
        tell("interrupted: the best mask until then is shown; nothing was evaluated on test data or written")
        raise InterruptedWithResult


def read_keep(text: str | None) -> Any:
    """What ``--keep`` says: a share, a number of heads, or numbers per layer.

    Args:
        text: as typed, or None.

    Returns:
        A float, an integer, a list of integers, or None.

    Raises:
        OptionError: none of these.

    Example:
        >>> read_keep("0.5"), read_keep("6"), read_keep("3,2,1")
        (0.5, 6, [3, 2, 1])
    """
    if text is None:
        return None
    try:
        if "," in text:
            return [int(part) for part in text.split(",")]
        return float(text) if "." in text else int(text)
    except ValueError as error:
        raise OptionError(
            f"--keep is {text!r}; legal are a share (0.5), a number of heads (6), or numbers per layer "
            "(3,2,1)"
        ) from error


def _print(answer: FolderHeads, *, as_json: bool) -> None:
    if as_json:
        print_json(answer.to_dict())
        return
    print_tables(answer.tables())
    print_sentences(answer.sentences())
