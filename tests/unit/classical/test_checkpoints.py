"""Whole checkpoints are found, broken ones named, unfinished ones passed over."""

import pytest

from hybrid_opt.classical.checkpoints import (
    MARKER,
    checkpoint_step,
    complete_checkpoints,
    latest_checkpoint,
    mark_complete,
    remove_checkpoint,
    verify_checkpoint,
    write_atomically,
)
from hybrid_opt.classical.errors import CheckpointError


@pytest.fixture
def checkpoint(tmp_path):
    folder = tmp_path / "checkpoint-10"
    (folder / "inner").mkdir(parents=True)
    (folder / "weights").write_bytes(b"0123456789")
    (folder / "inner" / "more").write_text("text")
    mark_complete(folder, {"data": "abc", "step": 10})
    return folder


def test_a_whole_one_gives_its_facts(checkpoint):
    assert verify_checkpoint(checkpoint) == {"data": "abc", "step": 10}


def test_a_missing_file_is_named(checkpoint):
    (checkpoint / "inner" / "more").unlink()
    with pytest.raises(CheckpointError, match=r"inner/more is missing.*Delete .*checkpoint-10"):
        verify_checkpoint(checkpoint)


def test_a_truncated_file_is_named(checkpoint):
    (checkpoint / "weights").write_bytes(b"01234")
    with pytest.raises(CheckpointError, match=r"weights has 5 bytes of the 10"):
        verify_checkpoint(checkpoint)


def test_a_changed_file_is_named(checkpoint):
    (checkpoint / "weights").write_bytes(b"0123456780")
    with pytest.raises(CheckpointError, match=r"weights has changed"):
        verify_checkpoint(checkpoint)


@pytest.mark.parametrize("text", ["{", "{}", '{"files": 3}'])
def test_a_damaged_marker(checkpoint, text):
    (checkpoint / MARKER).write_text(text)
    with pytest.raises(CheckpointError, match="damaged"):
        verify_checkpoint(checkpoint)


def test_no_marker(checkpoint):
    (checkpoint / MARKER).unlink()
    with pytest.raises(CheckpointError, match="no complete checkpoint"):
        verify_checkpoint(checkpoint)


def test_the_latest_is_by_step_and_complete(checkpoint):
    folder = checkpoint.parent
    for step in (9, 100, 200):
        (folder / f"checkpoint-{step}").mkdir()
    mark_complete(folder / "checkpoint-9", {})
    mark_complete(folder / "checkpoint-100", {})
    (folder / "checkpoint-x").mkdir()
    assert [checkpoint_step(path) for path in complete_checkpoints(folder)] == [9, 10, 100]
    assert latest_checkpoint(folder) == folder / "checkpoint-100"
    assert latest_checkpoint(folder / "none") is None


def test_a_foreign_name():
    from pathlib import Path

    with pytest.raises(CheckpointError, match="checkpoint-N"):
        checkpoint_step(Path("model"))


def test_removal_takes_the_marker_first(checkpoint, monkeypatch):
    def killed(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr("hybrid_opt.classical.checkpoints.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        remove_checkpoint(checkpoint)
    assert complete_checkpoints(checkpoint.parent) == []


def test_writing_is_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file.json"
    write_atomically(path, "old")

    def killed(number):
        raise KeyboardInterrupt

    monkeypatch.setattr("hybrid_opt.classical.checkpoints.os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
