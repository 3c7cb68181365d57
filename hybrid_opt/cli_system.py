"""The command ``system``: the whole in levels, on a small model or on the reference configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ._optional import quiet_imports
from .cli_output import (
    InterruptedWithResult,
    Json,
    check_report,
    print_json,
    print_sentences,
    print_tables,
    tell,
)
from .progress import shown

__all__ = ["system"]

SMALL_STEPS, REFERENCE_STEPS = 60, 100


def system(
    level: Annotated[str, typer.Option(help="basic, advanced or full.")] = "full",
    path: Annotated[
        Path | None, typer.Option(help="Folder of the run; the same command goes on from there.",
                                  show_default="system, or system_reference")
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Width 256, 8 heads, 4 layers, L1 on text: hours on a CPU.")
    ] = False,
    data: Annotated[
        str | None, typer.Option(help="Name of a data set, or path.",
                                 show_default="digit_patches, or pydoc_topics")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Optimizer steps of each training.",
                                 show_default=f"{SMALL_STEPS}, or {REFERENCE_STEPS}")
    ] = None,
    trials: Annotated[int, typer.Option(help="Trainings of each search over attention settings.")] = 9,
    seeds: Annotated[int, typer.Option(help="Trainings that judge each way of a step.")] = 3,
    test_seeds: Annotated[int, typer.Option(help="Fresh trainings per level for the test split.")] = 3,
    simulator: Annotated[
        str, typer.Option(help="Of circuits inside the model: native or aer, both exact.")
    ] = "native",
    quantum: Annotated[bool, typer.Option(help="Circuits; without them all methods are classical.")] = True,
    neural: Annotated[bool, typer.Option(help="Trainings; without them only plans are left.")] = True,
    marketing: Annotated[bool, typer.Option(help="Marketing plans, at level full.")] = True,
    business: Annotated[bool, typer.Option(help="Business plans, at level full.")] = True,
    seed: Annotated[
        int | None, typer.Option(help="Repeats the run; drawn if left out, kept by the folder.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page that opens offline.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Improve a transformer step by step, keep what validation confirms, and solve the shipped plans."""
    check_report(html)
    quiet_imports()
    from .classical import TrainingSettings, load_data
    from .system import HybridConfig, HybridOptimizer
    from .system.shipped_plans import shipped_planners

    place = path or Path("system_reference" if reference else "system")
    with shown("system") as progress:
        loaded = load_data(data or ("pydoc_topics" if reference else "digit_patches"), seed=0)
        config = HybridConfig(
            loaded.config(**_sizes(reference=reference)),
            loaded,
            plans=shipped_planners() if level == "full" else (),
            level=level,
            quantum=quantum,
            neural=neural,
            marketing=marketing,
            business=business,
            seed=seed,
            settings=TrainingSettings(
                max_steps=(REFERENCE_STEPS if reference else SMALL_STEPS) if steps is None else steps,
                batch_size=16 if reference else 32,
                learning_rate=1e-3 if reference else 5e-3,
            ),
            seeds=seeds,
            test_seeds=test_seeds,
            trials=trials,
            simulator=simulator,
            threads=None if reference else 1,  # a model so small gains nothing from a second thread
        )
        report = HybridOptimizer(config).run(place, progress=progress)
    if html is not None:
        report.report(html)
    if as_json:
        print_json(report.to_dict())
    else:
        print_tables(report.tables())
        print_sentences(report.sentences())
    if html is not None:
        tell(f"report: {html}")
    if report.interrupted:
        tell(f"interrupted; the same command goes on from {place}")
        raise InterruptedWithResult
    tell(f"folder: {place}, seed: {report.seed}")


def _sizes(*, reference: bool) -> dict[str, Any]:
    """Sizes of the model; those of ``DistanceTransformerConfig.reference`` but for vocabulary and length."""
    if not reference:
        return {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "metric": "l2"}
    return {
        "hidden_size": 256,
        "num_hidden_layers": 4,
        "num_attention_heads": 8,
        "intermediate_size": 1024,
        "metric": "l1",
    }
