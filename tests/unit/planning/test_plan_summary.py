"""Plans in a table: gains, proof, and plans that know no today."""

from hybrid_opt.planning.plan_summary import gains, proof_words, summary_table


def test_gains_need_both_numbers() -> None:
    assert gains({"a": 2.0, "a today": 1.0, "b": 3.0, "c": 1.0, "c today": None}) == [("a", 1.0, 2.0)]


def test_rows_of_plans_with_and_without_today() -> None:
    table = summary_table({"x": {"a": 2.0, "a today": 1.0, "status": "optimal"}, "y": {"b": 3.0}}, "T")
    assert table.rows[0][:5] == ("x", "a", "1", "2", "+1 (+100.0%)")
    assert table.rows[1][:5] == ("y", "b", "-", "3", "-")
    assert [row[5] for row in table.rows] == ["optimal", "none"]
    assert proof_words({"gap": 0.5, "bound": 4}) == "bound 4, gap 50.00%"
