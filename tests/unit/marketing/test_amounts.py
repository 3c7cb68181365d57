"""Amounts that a user gives to the budget task."""

import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing.amounts import check_reference, without_noise


@pytest.mark.parametrize("reference", [0, -2, float("inf"), True, "x"])
def test_a_wrong_reference(reference):
    with pytest.raises(OptionError, match="reference is"):
        check_reference(reference)


def test_amounts_without_noise():
    assert without_noise(0.1 + 0.2) == 0.3
    assert without_noise("x") == "x"
    assert without_noise(True) is True
