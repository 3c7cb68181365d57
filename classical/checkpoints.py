"""Checkpoints that are whole: a marker with size and hash of every file is written last, checked first.

A run that is killed while it writes leaves a folder without marker; it counts for nothing and is removed by
the next checkpoint. A folder whose files no longer fit its marker is an error, never a reason to go on from
somewhere else.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from .errors import CheckpointError

__all__ = [
    "MARKER",
    "checkpoint_step",
    "complete_checkpoints",
    "latest_checkpoint",
    "mark_complete",
    "remove_checkpoint",
    "verify_checkpoint",
    "write_atomically",
]

MARKER = "complete.json"
_NAME = re.compile(r"checkpoint-(\d+)")


def mark_complete(folder: Path, facts: dict[str, Any]) -> None:
    """Declare a checkpoint whole: flush its files to disk, then write the marker in one step.

    Args:
        folder: the checkpoint.
        facts: what belongs to it, e.g. the step and the hash of the data; JSON values.
    """
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MARKER:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                os.fsync(stream.fileno())
            files[path.relative_to(folder).as_posix()] = {"bytes": path.stat().st_size, "sha256": digest}
    write_atomically(folder / MARKER, json.dumps({**facts, "files": files}, indent=1))


def verify_checkpoint(folder: Path) -> dict[str, Any]:
    """Check every file of a checkpoint against its marker.

    Args:
        folder: the checkpoint.

    Returns:
        The facts it was marked with.

    Raises:
        CheckpointError: there is no marker or an unreadable one, a file is missing, too short, or not the one
            that was written; the message names it and says what to do.
    """
    way_out = f"Delete {folder} to go on from an earlier checkpoint, or start afresh"
    try:
        facts: dict[str, Any] = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        files = dict(facts.pop("files"))
    except OSError as error:
        raise CheckpointError(f"{folder} is no complete checkpoint: it has no {MARKER}. {way_out}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / MARKER} is damaged. {way_out}") from error
    for name, facts_of_file in files.items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"the checkpoint file {path} is missing. {way_out}")
        size = path.stat().st_size
        if size != facts_of_file["bytes"]:
            raise CheckpointError(
                f"the checkpoint file {path} has {size} bytes of the {facts_of_file['bytes']} that were "
                f"written. {way_out}"
            )
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != facts_of_file["sha256"]:
            raise CheckpointError(f"the checkpoint file {path} has changed since it was written. {way_out}")
    return facts


def checkpoint_step(folder: Path) -> int:
    """The optimizer step in a checkpoint's name.

    Raises:
        CheckpointError: the name is not ``checkpoint-N``.

    Example:
        >>> checkpoint_step(Path("run/checkpoints/checkpoint-20"))
        20
    """
    match = _NAME.fullmatch(folder.name)
    if match is None:
        raise CheckpointError(f"{folder} is no checkpoint; its name must be checkpoint-N, with N a step")
    return int(match[1])


def complete_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder that have a marker, oldest step first; their files are not checked.

    Example:
        >>> complete_checkpoints(Path("a folder that is not there"))
        []
    """
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name) and (path / MARKER).is_file()]
    return sorted(found, key=checkpoint_step)


def latest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint of the highest step that is complete; None where there is none."""
    found = complete_checkpoints(folder)
    return found[-1] if found else None


def remove_checkpoint(folder: Path) -> None:
    """Delete a checkpoint, the marker first, so that what a kill leaves of it is not taken as complete."""
    (folder / MARKER).unlink(missing_ok=True)
    shutil.rmtree(folder)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file whole or not at all: under another name first, then renamed."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
