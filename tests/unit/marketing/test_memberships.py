import pandas as pd
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.marketing.memberships import read_memberships

PERSONS = pd.DataFrame({"person": ["p", "p", "q", 7], "segment": ["a", "b", "b", "a"]})


def test_persons_and_patterns_say_the_same():
    persons = read_memberships(PERSONS, ["a", "b", "c"])
    patterns = read_memberships(
        pd.DataFrame({"people": [1, 1, 1], "a": ["yes", "no", 1], "b": [1, 1, 0], "c": [0, 0, 0]}),
        ["a", "b", "c"],
    )
    assert persons.sizes.tolist() == patterns.sizes.tolist() == [2.0, 2.0, 0.0]
    assert persons.members.tolist() == patterns.members.tolist()


def test_a_file(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("people;a;b\n12;yes;no\n3;yes;yes\n", encoding="utf-8")
    assert read_memberships(path, ["a", "b"]).sizes.tolist() == [15.0, 3.0]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            PERSONS.assign(segment=["a", "b", "sport", "a"]),
            "index 2, column 'segment': 'sport' is no segment",
        ),
        (PERSONS.assign(person=["p", "p", "q", "p"]), "index 3: 'p' is in 'a' already by index 0"),
        (PERSONS.assign(person=["p", None, "q", "r"]), "index 1, column 'person': the cell is blank"),
        (pd.DataFrame({"people": [2], "a": [1]}), "column 'b' is missing"),
        (pd.DataFrame({"people": [-2], "a": [1], "b": [0]}), "index 0, column 'people': -2 is less than 0"),
        (
            pd.DataFrame({"people": [2], "a": [0.5], "b": [0]}),
            "index 0, column 'a': 0.5 is neither true nor false",
        ),
    ],
)
def test_wrong_tables(table, words):
    with pytest.raises(TableError, match=words):
        read_memberships(table, ["a", "b"])
