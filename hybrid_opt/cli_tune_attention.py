"""The command ``tune attention``: a search over settings, resumable, with a page and a file for ``train``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ._optional import quiet_imports
from .cli_output import (
    InterruptedWithResult,
    Json,
    Report,
    check_report,
    print_json,
    print_sentences,
    print_tables,
    tell,
)
from .errors import OptionError
from .progress import shown

__all__ = ["attention"]

STEPS = 100
RUN = "run.yaml"


def attention(
    config: Annotated[
        Path | None, typer.Argument(help="YAML file as for train: data, model, training.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Name of a data set, or path.", show_default="pydoc_topics")
    ] = None,
    layers: Annotated[int | None, typer.Option(help="Blocks of the model.", show_default="2")] = None,
    heads: Annotated[
        int | None, typer.Option(help="Attention heads to start from.", show_default="4")
    ] = None,
    hidden: Annotated[int | None, typer.Option(help="Width of the model.", show_default="128")] = None,
    sequence_length: Annotated[int | None, typer.Option(help="Tokens of an example.")] = None,
    trials: Annotated[int, typer.Option(help="Trainings of each search.")] = 40,
    steps: Annotated[
        int | None, typer.Option(help="Optimizer steps of each training.", show_default=str(STEPS))
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Examples of a batch.", show_default="16")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Middle of the range of learning rates.", show_default="0.001")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="A metric to choose from; repeat.", show_default="l1 l2 squared_l2 cosine dot"),
    ] = None,
    space: Annotated[
        Path | None, typer.Option(help="YAML file with the search space, instead of the usual one.")
    ] = None,
    sampler: Annotated[str, typer.Option(help="qubo, tpe or random.")] = "qubo",
    solver: Annotated[
        str | None, typer.Option(help="Minimizes the surrogate of qubo.", show_default="exact or annealing")
    ] = None,
    compare: Annotated[
        list[str] | None, typer.Option(help="Also search by tpe or random; may be repeated.")
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(help="loss, latency or memory; repeat for several.", show_default="loss"),
    ] = None,
    finalists: Annotated[
        int, typer.Option(help="Best trials to train on fresh seeds; with 0 the test split is not read.")
    ] = 2,
    fresh_seeds: Annotated[int, typer.Option(help="Trainings of each finalist.")] = 3,
    folder: Annotated[
        Path | None, typer.Option(help="Where the search goes.", show_default="tuned/DATA")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="Train on workers: local, or address of a dask scheduler.", show_default="here"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes of --cluster local; else workers to wait for.", show_default="one per processor"
        ),
    ] = None,
    parallel: Annotated[
        int, typer.Option(help="Trials chosen together; decides the answer, the workers do not.")
    ] = 1,
    report: Report = None,
    seed: Annotated[
        int | None, typer.Option(help="Repeats the search; drawn if left out, kept by the folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Search for better attention settings; run the same command again to go on after an interruption."""
    check_report(report)
    quiet_imports()
    from .classical.training_run import MODEL_DEFAULTS, TrainingRun
    from .tuning import attention_space, tune_attention
    from .tuning.attention_settings import DEFAULT_METRICS
    from .tuning.space_file import read_search_space
    from .tuning.tuned_run import tuned_run, write_run

    run = TrainingRun() if config is None else TrainingRun.from_yaml(config)
    run = run.changed(
        data=_given(source=data, sequence_length=sequence_length),
        model=_given(num_hidden_layers=layers, num_attention_heads=heads, hidden_size=hidden),
        training=_given(batch_size=batch_size, learning_rate=learning_rate, max_steps=steps),
    )
    if run.training.max_steps is None and config is None:
        run = run.changed(training={"max_steps": STEPS})
    place = Path("tuned") / run.folder.name if folder is None else folder
    with shown("tuning") as progress:
        loaded = run.load()
        start = loaded.config(**{**MODEL_DEFAULTS, **run.model})
        if space is not None:
            choices = read_search_space(space)
        else:
            choices = attention_space(start, run.training, metrics=metric or DEFAULT_METRICS)
        with connected(cluster, workers) as trainers:
            answer = tune_attention(
                start,
                loaded,
                place,
                trials=trials,
                training=run.training,
                search_space=choices,
                sampler=sampler,
                solver=solver,
                compare=compare or (),
                objectives=objective or ("loss",),
                finalists=finalists,
                fresh_seeds=fresh_seeds,
                parallel=parallel,
                cluster=trainers,
                seed=seed,
                progress=progress,
            )
    if not answer.interrupted:
        write_run(tuned_run(run, answer), place / RUN)
    if report is not None:
        answer.report(report)
    _print(answer, place, as_json=as_json)
    if report is not None:
        tell(f"report: {report}")
    if answer.interrupted:
        raise InterruptedWithResult


@contextmanager
def connected(cluster: str | None, workers: int | None) -> Iterator[Any]:
    """The cluster that a command names, closed at its end.

    Args:
        cluster: "local", an address, or None for none.
        workers: processes to start, or to wait for.

    Yields:
        A ``distributed.Cluster``, or None.

    Raises:
        OptionError: workers without a cluster.
        ClusterError: it cannot be reached, or does not fit.

    Example:
        >>> with connected(None, None) as cluster:
        ...     print(cluster)
        None
    """
    if cluster is None and workers is not None:
        raise OptionError(f"--workers is {workers} and there is no --cluster; add --cluster local")
    if cluster is None:
        yield None
        return
    from .distributed import connect

    with connect(cluster, workers=workers) as found:
        yield found


def _given(**values: Any) -> dict[str, Any]:
    """The flags that were given; the others leave the file's value, or the default."""
    return {name: value for name, value in values.items() if value is not None}


def _print(answer: Any, place: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(answer.to_dict())
    else:
        print_tables(answer.tables())
        print_sentences(answer.notes)
    if answer.interrupted:
        tell(f"interrupted; the same command goes on from {place}")
    else:
        tell(f"report: {place / 'report.html'}")
        tell(f"train with the chosen settings: hybrid-opt train {place / RUN} --max-steps ...")
