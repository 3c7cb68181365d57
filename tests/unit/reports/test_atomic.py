import os
import stat
from pathlib import Path

import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports.atomic import write_whole


def test_written_and_replaced(tmp_path):
    path = tmp_path / "report.html"
    assert write_whole(path, b"one") == path
    write_whole(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["report.html"]


def test_usual_permissions(tmp_path):
    path = write_whole(tmp_path / "a", b"")
    (tmp_path / "b").write_bytes(b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "b").stat().st_mode)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "report.html"
    path.write_bytes(b"old")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OptionError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["report.html"]


def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_bytes(b"old")

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["report.html"]


def test_links_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.html").symlink_to(tmp_path / "real" / "report.html")
    write_whole(tmp_path / "link.html", b"x")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real" / "report.html").read_bytes() == b"x"


def test_places_that_cannot_hold_a_file(tmp_path):
    with pytest.raises(OptionError, match="create it first"):
        write_whole(tmp_path / "none" / "a", b"")
    with pytest.raises(OptionError, match="not a file"):
        write_whole(tmp_path, b"")
    with pytest.raises(OptionError, match="not a file"):
        write_whole("/dev/null", b"")
    assert not Path("/dev/null").is_file()
