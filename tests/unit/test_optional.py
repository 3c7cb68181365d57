"""An optional part that is missing is named together with the extra that brings it."""

import pytest

from hybrid_opt._optional import require
from hybrid_opt.errors import MissingDependencyError


def test_an_installed_module_is_returned() -> None:
    assert require("json", "excel").loads("[1]") == [1]


def test_a_missing_module_names_its_extra() -> None:
    with pytest.raises(MissingDependencyError, match=r'no_such_module.*pip install "hybrid-opt\[excel\]"'):
        require("no_such_module.part", "excel")
