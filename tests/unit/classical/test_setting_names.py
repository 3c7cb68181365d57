"""Wrong names are refused with the nearest legal one."""

import pytest

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.setting_names import check_names


def test_legal_names_pass_and_wrong_ones_are_told():
    check_names(["alpha"], ["alpha", "beta"], "setting")
    with pytest.raises(ConfigurationError, match="unknown setting 'alhpa'; did you mean 'alpha'"):
        check_names(["alhpa"], ["alpha", "beta"], "setting")
