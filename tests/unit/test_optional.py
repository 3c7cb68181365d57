"""An optional part that is missing is named together with the extra that brings it."""

import logging

import pytest

from hybrid_opt._optional import quiet_imports, require
from hybrid_opt.errors import MissingDependencyError


def test_an_installed_module_is_returned() -> None:
    assert require("json", "excel").loads("[1]") == [1]


def test_a_missing_module_names_its_extra() -> None:
    with pytest.raises(MissingDependencyError, match=r'no_such_module.*pip install "hybrid-opt\[excel\]"'):
        require("no_such_module.part", "excel")


def test_libraries_are_told_to_be_quiet():
    quiet_imports()
    assert logging.getLogger("torchao").level == logging.ERROR
