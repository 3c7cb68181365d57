"""Labels: exact names first, then plain forms, then other words; doubles and doubts are problems."""

import pytest

from hybrid_opt.planning.table_columns import Column
from hybrid_opt.planning.table_labels import match_labels, recognized
from hybrid_opt.planning.table_words import plain, stands_for, words_for

COLUMNS = (
    Column("channel", "text"),
    Column("current", "money"),
    Column("max", "money"),
    Column("share", "number", required=False, maximum=1),
)


def test_words_of_a_column() -> None:
    assert plain("Gasto  M\u00e1ximo_(neto)") == "gasto maximo neto"
    assert "canal" in words_for("channel")
    assert "presupuesto" not in words_for("current", flag=True)
    assert stands_for("Max. spend", "max")
    assert not stands_for("Spend", "max")


def test_the_own_name_comes_before_other_words() -> None:
    labels = match_labels(["Channel", "Current (\u20ac)", "Spend", "M\u00e1ximo"], COLUMNS)
    assert [label.name for label in labels] == ["channel", "current", "Spend", "max"]
    assert [label.known for label in labels] == [True, True, False, True]
    assert recognized(["Canal", "nothing"], COLUMNS) == 1


def test_two_labels_for_one_column() -> None:
    labels = match_labels(["Presupuesto", "Gasto"], COLUMNS)
    assert labels[1].problem is not None
    assert "both stand for 'current'" in labels[1].problem


def test_one_label_for_two_columns() -> None:
    columns = (Column("at_most", "number"), Column("max", "number"))
    (label,) = match_labels(["Maximum"], columns)
    assert label.problem is not None
    assert "can mean 'at_most' or 'max'" in label.problem


@pytest.mark.parametrize(("name", "percent", "scale"), [("hours (k)", False, 1), ("Boom (%)", True, 1)])
def test_a_name_that_a_user_chose_is_not_multiplied(name: str, percent: bool, scale: int) -> None:
    (label,) = match_labels([name], [Column(name, "number", maximum=1 if percent else None)])
    assert (label.name, label.unit.percent, label.unit.scale) == (name, percent, scale)
    assert bool(label.note) == percent
