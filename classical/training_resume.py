"""Where a run goes on: the last complete checkpoint, if it belongs to these data, model and settings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .checkpoints import MARKER, latest_checkpoint, verify_checkpoint, write_atomically
from .errors import CheckpointError
from .optional_libraries import load_library
from .trained_folder import CHECKPOINTS, CURVES, HISTORY, METRICS
from .training_result import finite_or_none
from .training_settings import TrainingSettings

__all__ = ["ResumePoint", "clear_run", "find_resume_point", "load_weights", "model_facts"]

# What may differ between two calls of one run: it says how long training goes on, not what was done so far.
_MAY_CHANGE = ("num_epochs", "max_steps", "keep_checkpoints")
# What transformers writes into a configuration on its own account.
_VOLATILE = ("transformers_version", "_name_or_path", "use_cache", "architectures", "dtype", "torch_dtype")
_FINISHED_FILES = ("model.safetensors", "config.json", "generation_config.json", METRICS, CURVES, HISTORY)


@dataclass(frozen=True)
class ResumePoint:
    """Where a run begins.

    Args:
        checkpoint: the checkpoint to go on from; None for a fresh start.
        state: the Trainer's state in it, None for a fresh start.
        finished: whether nothing is left to train.
        facts: what the checkpoint was marked with.
        incomplete: names of checkpoints that a kill left unfinished.
    """

    checkpoint: Path | None = None
    state: Any = None
    finished: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    incomplete: tuple[str, ...] = ()

    @classmethod
    def fresh(cls) -> ResumePoint:
        """A start from nothing."""
        return cls()

    @property
    def step(self) -> int:
        """The step that training goes on from."""
        return 0 if self.state is None else int(self.state.global_step)

    @property
    def required(self) -> Path:
        """The checkpoint, where there must be one.

        Raises:
            CheckpointError: there is none.
        """
        if self.checkpoint is None:
            raise CheckpointError("there is no checkpoint to load; train first")
        return self.checkpoint

    def restore_history(self, path: Path) -> None:
        """Cut the file of log entries back to the checkpoint; what came after it is written again."""
        entries = [] if self.state is None else self.state.log_history
        plain = [{name: finite_or_none(value) for name, value in entry.items()} for entry in entries]
        write_atomically(path, "".join(json.dumps(entry) + "\n" for entry in plain))

    def notes(self, settings: TrainingSettings, *, total: int) -> list[str]:
        """What a reader of the result has to know about the resumption."""
        found = []
        if self.incomplete:
            found.append(f"unfinished checkpoints were left out and removed: {', '.join(self.incomplete)}")
        if self.checkpoint is None:
            return found
        found.append(
            f"nothing was left to train after step {self.step}"
            if self.finished
            else f"resumed at step {self.step}"
        )
        before = self.facts.get("processes", 1)
        now = load_library("accelerate", "transformer").PartialState().num_processes
        if before != now:
            found.append(
                f"resumed with {now} process(es) after {before}: dropout differs from an uninterrupted run"
            )
        if self.state is not None and self.facts.get("total") not in (None, total):
            found.append(
                f"the run was planned for {self.facts['total']} steps and now has {total}: the learning rate "
                "follows the longer schedule from here on, which no uninterrupted run has"
            )
        return found


def model_facts(model: Any) -> dict[str, Any]:
    """What makes a model the same model: its class and configuration, as JSON values.

    Args:
        model: a model of transformers.

    Returns:
        Names and values.
    """
    settings = {name: value for name, value in model.config.to_dict().items() if name not in _VOLATILE}
    plain: dict[str, Any] = json.loads(json.dumps({"class": type(model).__name__, **settings}, default=str))
    return plain


def find_resume_point(folder: Path, facts: Mapping[str, Any], model: Any, total: int) -> ResumePoint:
    """The last complete checkpoint of a folder, checked against what is to be trained.

    Args:
        folder: the trained folder.
        facts: ``data`` (hash), ``settings`` and ``model`` of the present call.
        model: the model, whose tensors must be those of the checkpoint.
        total: steps of the whole run.

    Returns:
        Where to begin.

    Raises:
        CheckpointError: the checkpoint is damaged, or belongs to other data, another model or other settings.
    """
    checkpoints = folder / CHECKPOINTS
    incomplete = _incomplete(checkpoints)
    latest = latest_checkpoint(checkpoints)
    if latest is None:
        return ResumePoint(incomplete=incomplete)
    before = verify_checkpoint(latest)
    way_out = "Choose another folder, or start afresh (resume=False, on the command line --fresh)"
    if before.get("data") != facts["data"]:
        raise CheckpointError(
            f"{latest} belongs to other data: their hash is {str(before.get('data'))[:12]}..., that of "
            f"the data given {str(facts['data'])[:12]}... {way_out}"
        )
    _refuse_differences(latest, "model", before.get("model", {}), facts["model"], (), way_out)
    _refuse_differences(
        latest, "training", before.get("settings", {}), facts["settings"], _MAY_CHANGE, way_out
    )
    _check_tensors(latest, model, way_out)
    state = load_library("transformers", "transformer").TrainerState.load_from_json(
        str(latest / "trainer_state.json")
    )
    planned = state.max_steps
    schedule = facts["settings"]["schedule"]
    if total < state.global_step or (total != planned and schedule == "one_cycle"):
        raise CheckpointError(
            f"{latest} is of a run of {planned} steps, and {total} are asked for; a run can be made longer, "
            f"but not shorter than it is, and one_cycle has a fixed length. {way_out}"
        )
    finished = state.global_step >= total or (_stopped_early(state) and total == planned)
    state.max_steps = total
    return ResumePoint(latest, state, finished, {**before, "total": planned}, incomplete)


def clear_run(folder: Path) -> None:
    """Remove what an earlier run left in a folder: checkpoints and results, nothing else.

    Args:
        folder: the trained folder; need not exist.
    """
    if (folder / "data.json").is_file():
        for name in _FINISHED_FILES:
            (folder / name).unlink(missing_ok=True)
    for path in sorted((folder / CHECKPOINTS).glob("checkpoint-*")):
        (path / MARKER).unlink(missing_ok=True)
        shutil.rmtree(path)


def load_weights(model: Any, checkpoint: Path) -> None:
    """Put the weights and buffers of a checkpoint into a model.

    Args:
        model: the model.
        checkpoint: the checkpoint.

    Raises:
        CheckpointError: tensors do not fit.
    """
    verify_checkpoint(checkpoint)
    _check_tensors(checkpoint, model, "Train again")
    tensors = load_library("safetensors.torch", "transformer").load_file(checkpoint / "model.safetensors")
    model.load_state_dict(tensors, strict=False)  # tied weights are stored once; the rest was checked above


def _incomplete(checkpoints: Path) -> tuple[str, ...]:
    if not checkpoints.is_dir():
        return ()
    return tuple(
        path.name for path in sorted(checkpoints.glob("checkpoint-*")) if not (path / MARKER).is_file()
    )


def _stopped_early(state: Any) -> bool:
    stored = state.stateful_callbacks.get("EarlyStoppingCallback")
    if not stored:
        return False
    patience = stored["args"]["early_stopping_patience"]
    return bool(stored["attributes"]["early_stopping_patience_counter"] >= patience)


def _refuse_differences(
    checkpoint: Path,
    what: str,
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    free: tuple[str, ...],
    way_out: str,
) -> None:
    names = sorted({*before, *now} - set(free))
    different = [name for name in names if before.get(name) != now.get(name)]
    if different:
        shown = "; ".join(f"{name} was {before.get(name)!r}, now {now.get(name)!r}" for name in different[:4])
        raise CheckpointError(f"{checkpoint} belongs to another {what} configuration: {shown}. {way_out}")


def _check_tensors(checkpoint: Path, model: Any, way_out: str) -> None:
    safe_open = load_library("safetensors", "transformer").safe_open
    with safe_open(checkpoint / "model.safetensors", framework="pt") as stored:
        shapes = {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118
    own = model.state_dict()
    addresses = {own[name].data_ptr() for name in shapes if name in own}
    for name, tensor in own.items():
        if name not in shapes and tensor.data_ptr() in addresses:
            continue  # tied: stored under another name
        if shapes.get(name) != tuple(tensor.shape):
            stored_shape = shapes.get(name, "not there")
            raise CheckpointError(
                f"{checkpoint} does not fit the model: {name} is {stored_shape} in it and "
                f"{tuple(tensor.shape)} in the model. {way_out}"
            )
    if extra := sorted(set(shapes) - set(own)):
        raise CheckpointError(f"{checkpoint} holds {extra[0]}, which the model does not have. {way_out}")
