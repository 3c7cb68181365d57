import openpyxl
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.planning.excel import write_workbook


def test_numbers_stay_numbers_and_text_never_becomes_a_formula(tmp_path):
    frame = pd.DataFrame(
        {"name": ["=1+1", "b\x07", None], "amount": [1.5, float("nan"), 3.0], "flag": [True, False, True]}
    )
    path = write_workbook({"a/b: lines": frame, "x" * 40: frame}, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["a b  lines", "x" * 31]
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["name", "amount", "flag"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
    assert sheet["A3"].value == "b "
    assert (sheet["B2"].value, sheet["B3"].value, sheet["C2"].value) == (1.5, None, True)


def test_two_names_that_become_one_are_both_written(tmp_path):
    frame = pd.DataFrame({"a": [1]})
    path = write_workbook({"what if a:b": frame, "what if a/b": frame}, tmp_path / "plan.xlsx")
    assert len(openpyxl.load_workbook(path).sheetnames) == 2


@pytest.mark.parametrize("name", ["plan.xls", "plan", "plan.csv"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(OptionError, match=r"\.xlsx"):
        write_workbook({}, tmp_path / name)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OptionError, match="does not exist"):
        write_workbook({"a": pd.DataFrame({"a": [1]})}, tmp_path / "missing" / "plan.xlsx")
