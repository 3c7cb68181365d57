"""The commands train, evaluate and generate: flags over a YAML file, results on stdout, progress on stderr.

Everything of the transformer is imported inside the commands, so that ``--help`` needs no torch.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ._optional import quiet_imports
from .cli_output import INTERRUPTED, InterruptedWithResult, Json, print_json, tell
from .errors import OptionError
from .progress import shown

__all__ = ["evaluate", "generate", "register_commands", "train"]

Seed = Annotated[
    int | None, typer.Option(help="Order of examples, dropout, initial weights.", show_default="0")
]
Folder = Annotated[Path, typer.Argument(help="Folder that train wrote.")]


def register_commands(app: typer.Typer) -> None:
    """Enter the three commands.

    Args:
        app: the command line.
    """
    for command in (train, evaluate, generate):
        app.command()(command)


def train(
    config: Annotated[Path | None, typer.Argument(help="YAML file: data, model, training, folder.")] = None,
    data: Annotated[
        str | None, typer.Option(help="Name of a data set, or path.", show_default="pydoc_topics")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="l1, l2, squared_l2, lp, cosine, chebyshev, dot; or one per head, comma-separated."
        ),
    ] = None,
    layers: Annotated[int | None, typer.Option(help="Blocks of the model.", show_default="2")] = None,
    heads: Annotated[int | None, typer.Option(help="Attention heads.", show_default="4")] = None,
    hidden: Annotated[int | None, typer.Option(help="Width of the model.", show_default="128")] = None,
    sequence_length: Annotated[int | None, typer.Option(help="Tokens of an example.")] = None,
    tokenizer: Annotated[str | None, typer.Option(help="bpe or characters.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Examples of a batch.", show_default="16")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Highest learning rate.", show_default="0.001")
    ] = None,
    num_epochs: Annotated[float | None, typer.Option(help="Passes over the data.", show_default="1")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Optimizer steps, instead of epochs.")] = None,
    callbacks: Annotated[
        str | None,
        typer.Option(
            help="Performance callbacks with their defaults, comma-separated: progress_learning_rate, "
            "entropy_dropout, head_sparsity. Settings go into the YAML file.",
            show_default="none",
        ),
    ] = None,
    memory_budget: Annotated[
        float | None,
        typer.Option(help="MiB that training may take: chooses micro-batch, precision, checkpointing."),
    ] = None,
    seed: Seed = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the run goes.", show_default="trained/DATA")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--fresh", help="Go on from the folder's last checkpoint, or remove it and start anew."
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Train a distance-attention transformer; run the same command again to go on after an interruption."""
    quiet_imports()
    from .classical.training_run import TrainingRun

    run = TrainingRun() if config is None else TrainingRun.from_yaml(config)
    run = run.changed(
        data=_given(source=data, sequence_length=sequence_length, tokenizer=tokenizer),
        model=_given(
            metric=_metric(metric), num_hidden_layers=layers, num_attention_heads=heads, hidden_size=hidden
        ),
        training=_given(
            batch_size=batch_size,
            learning_rate=learning_rate,
            num_epochs=num_epochs,
            max_steps=max_steps,
            seed=seed,
            callbacks=_callbacks(run.training.callbacks, callbacks, memory_budget),
        ),
        folder=folder,
    )
    with shown("training") as progress:
        result = run.execute(resume="auto" if resume else False, progress=progress)
    if int(os.environ.get("RANK", "0")) == 0:
        _print_training(result, as_json=as_json)
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        # At its end torch's reducer may wait for a thread of gloo that waits for it: leave without farewell.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED if result.interrupted else 0)
    if result.interrupted:
        raise InterruptedWithResult


def _callbacks(before: Any, names: str | None, mebibytes: float | None) -> dict[str, Any] | None:
    """The callbacks of the file and of the flags; those named again keep the file's settings."""
    if names is None and mebibytes is None:
        return None
    wanted = dict(before)
    for name in (names or "").split(","):
        if name.strip():
            wanted.setdefault(name.strip(), {})
    if mebibytes is not None:
        wanted["memory_budget"] = {**wanted.get("memory_budget", {}), "mebibytes": mebibytes}
    return wanted


def _print_training(result: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(result.to_dict())
    else:
        _print_frame(result.table().reset_index(), ["", "value"], "Training")
        for note in result.notes:
            tell(f"note: {note}")
    if result.interrupted:
        tell(f"interrupted at step {result.steps}; the same command goes on from there")


def evaluate(
    folder: Folder,
    data: Annotated[
        str | None, typer.Option(help="Other data, name or path.", show_default="those of the training")
    ] = None,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    batch_size: Annotated[int, typer.Option(help="Examples in one forward pass.")] = 32,
    baselines: Annotated[bool, typer.Option(help="Compute baselines, too.")] = True,
    as_json: Json = False,
) -> None:
    """Evaluate a trained model on held-out data, beside baselines."""
    quiet_imports()
    from .classical.folder_evaluation import evaluate_folder

    with shown("evaluating") as progress:
        answer = evaluate_folder(
            folder, split, source=data, batch_size=batch_size, baselines=baselines, progress=progress
        )
    if as_json:
        print_json(answer.to_dict())
        return
    table = answer.table()
    _print_frame(
        table.reset_index(),
        ["", *map(str, table.columns)],
        f"{answer.data}, {answer.split}: {answer.examples} examples",
    )
    for note in answer.notes:
        tell(f"note: {note}")


def generate(
    folder: Folder,
    prompt: Annotated[str, typer.Option(help="Beginning of the text.")] = "",
    max_new_tokens: Annotated[int, typer.Option(help="Tokens to append at most.")] = 100,
    temperature: Annotated[float, typer.Option(help="0 takes the most likely token each time.")] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Sample among the k most likely tokens.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Sample among tokens of this joint probability.")
    ] = None,
    beams: Annotated[int, typer.Option(help="Beams of a search without sampling.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Repeats the text; drawn and told if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Continue a prompt with a trained language model."""
    quiet_imports()
    from .classical.generation import generate_text
    from .classical.trained_folder import load_trained
    from .seeds import resolve_seed

    trained, drawn = load_trained(folder), resolve_seed(seed)
    text = generate_text(
        trained.model,
        trained.tokenizer,
        prompt,
        max_new_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        beams=beams,
        seed=drawn,
    )
    if as_json:
        print_json({"prompt": prompt, "text": text, "seed": drawn})
    else:
        sys.stdout.write(text + "\n")
        if seed is None:
            tell(f"seed: {drawn}")


def _given(**values: Any) -> dict[str, Any]:
    """The flags that were given; the others leave the file's value, or the default."""
    return {name: value for name, value in values.items() if value is not None}


def _metric(text: str | None) -> str | list[str] | None:
    """One name, or one for each head."""
    if text is None or "," not in text:
        return text
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise OptionError(
            f"--metric {text!r} has an empty name; write names with commas between them: l1,l1,dot,dot"
        )
    return names


def _print_frame(frame: Any, columns: list[str], title: str) -> None:
    from .reports import Table, print_table

    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    print_table(Table(columns, rows, title=title), Console())


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return str(value)
