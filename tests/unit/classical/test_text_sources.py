"""Documents from the interpreter and from files of the user; what cannot be read is named."""

import sys
import textwrap
from pathlib import Path

import pytest

from hybrid_opt.classical import text_sources
from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.text_sources import (
    pydoc_documents,
    sections,
    standard_library_documents,
    text_file_documents,
)


def test_help_topics_are_documents():
    documents = pydoc_documents()
    names = [document.name for document in documents]
    assert names == sorted(set(names))
    assert len(documents) > 50
    assert all(document.text.strip() for document in documents)


def test_an_interpreter_without_help_topics(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(DataError, match=r"no pydoc_data\.topics"):
        pydoc_documents()


def test_source_files_are_read_as_they_are():
    documents = {document.name: document.text for document in standard_library_documents()}
    assert documents["textwrap.py"] == Path(textwrap.__file__).read_text(encoding="utf-8")
    assert not any("/" in name for name in documents)


def test_packages_are_read_without_tests_and_foreign_ones(monkeypatch, tmp_path):
    for name in ("top.py", "asyncio/tasks.py", "test/test_x.py", "site-packages/torch.py", "empty.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("" if name == "empty.py" else "# -*- coding: latin-1 -*-\n'é'\n", encoding="latin-1")
    monkeypatch.setattr(text_sources.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    found = standard_library_documents(packages=True)
    assert [document.name for document in found] == ["asyncio/tasks.py", "top.py"]
    assert "é" in found[0].text
    assert [document.name for document in standard_library_documents()] == ["top.py"]


def test_an_interpreter_without_sources(monkeypatch, tmp_path):
    monkeypatch.setattr(text_sources.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    with pytest.raises(DataError, match="no source files"):
        standard_library_documents()


def test_a_folder_gives_one_document_for_each_text_file(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / ".git").mkdir()
    for name, text in {
        "b.txt": "two",
        "a.md": "one",
        "deep/c.PY": "three",
        "void.txt": " \n",
        "picture.png": "no",
        ".git/d.txt": "no",
        ".hidden.txt": "no",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    documents, notes = text_file_documents(tmp_path)
    assert [(document.name, document.text) for document in documents] == [
        ("a.md", "one"),
        ("b.txt", "two"),
        ("deep/c.PY", "three"),
    ]
    assert notes == ["1 file(s) without text left out: void.txt"]


def test_many_empty_files_are_counted_and_a_few_named(tmp_path):
    for number in range(8):
        (tmp_path / f"{number}.txt").write_text("" if number else "text", encoding="utf-8")
    assert text_file_documents(tmp_path)[1] == [
        "7 file(s) without text left out: 1.txt, 2.txt, 3.txt, 4.txt, 5.txt and 2 more"
    ]


def test_a_single_file_is_cut_at_line_ends(tmp_path):
    text = "".join(f"line {number}\n" for number in range(100))
    (tmp_path / "one.txt").write_text(text, encoding="utf-8")
    documents, notes = text_file_documents(tmp_path / "one.txt")
    assert "".join(document.text for document in documents) == text
    assert len(documents) == 20
    assert all(document.text.endswith("\n") for document in documents)
    assert "cut into 20 sections" in notes[0]


@pytest.mark.parametrize("text", ["only one line", "a\n" * 19, "x" * 1000 + "\n" + "y\n" * 30])
def test_a_file_that_cannot_be_cut(text):
    with pytest.raises(DataError, match="cannot be cut into 20 sections"):
        sections("short.txt", text, 20)


def test_what_is_not_there_or_not_text(tmp_path):
    with pytest.raises(DataError, match="no file or folder"):
        text_file_documents(tmp_path / "missing.txt")
    with pytest.raises(DataError, match="holds no text: 0 file"):
        text_file_documents(tmp_path)
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"bytes.txt.*UTF-8"):
        text_file_documents(tmp_path)


def test_a_file_of_another_kind_is_not_read_as_prose(tmp_path):
    (tmp_path / "sales.tsv").write_text("day\tsold\n" + "1\t2\n" * 100, encoding="utf-8")
    with pytest.raises(DataError, match=r"sales.tsv' does not end with .txt, .md, .py: .* from .csv"):
        text_file_documents(tmp_path / "sales.tsv")
