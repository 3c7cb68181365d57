"""Optional libraries are imported on use, and a missing one is named together with its extra."""

import json

import pytest

from hybrid_opt.classical.errors import MissingTransformerError
from hybrid_opt.classical.optional_libraries import load_library


def test_an_installed_library_is_returned_itself():
    assert load_library("json", "transformer") is json


def test_a_missing_library_names_itself_and_its_extra():
    with pytest.raises(MissingTransformerError, match=r"no_such_library is not installed.*hybrid-opt\[ml\]"):
        load_library("no_such_library", "ml")


def test_a_library_lacking_a_part_of_its_own_names_the_part(monkeypatch, tmp_path):
    (tmp_path / "library_with_a_gap.py").write_text("import part_that_is_absent\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingTransformerError, match="part_that_is_absent is not installed"):
        load_library("library_with_a_gap", "transformer")
