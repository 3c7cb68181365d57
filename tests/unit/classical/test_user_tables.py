"""A CSV file of the user is texts, a table or a series, by its columns and the settings."""

import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.user_tables import csv_data


@pytest.fixture
def texts(tmp_path):
    file = tmp_path / "texts.csv"
    file.write_text("text,label\n" + "good day,+\nbad day,-\n" * 15, encoding="utf-8")
    return file


@pytest.fixture
def sales(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text("day,sold\n" + "".join(f"d{n},{n % 7}\n" for n in range(60)), encoding="utf-8")
    return file


def test_texts_are_classified(texts):
    data = csv_data(texts)
    assert (data.name, data.task, data.labels) == ("texts.csv", "sequence_classification", ("+", "-"))
    assert data.vocab_size < 30
    assert csv_data(texts, tokenizer="bpe", vocab_size=261, sequence_length=20).sequence_length == 20


def test_a_horizon_makes_a_series(sales):
    data = csv_data(sales, label="sold", horizon=2, sequence_length=7)
    assert (data.task, data.sequence_length, len(data.labels)) == ("regression", 7, 2)
    assert csv_data(sales, label="sold", horizon=2, sequence_length=7, limit=30).table()[
        "examples"
    ].tolist() == [16, 2, 2]


def test_other_columns_make_a_table(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("size,label\n" + "".join(f"{n},{n % 2}\n" for n in range(40)), encoding="utf-8")
    assert csv_data(file).value_width == 1


def test_the_limit_of_a_series_keeps_the_latest_steps(sales):
    whole, end = (
        csv_data(sales, label="sold", horizon=1, sequence_length=7, limit=limit) for limit in (None, 30)
    )
    last = [data.test[len(data.test) - 1] for data in (whole, end)]
    restored = [
        (example["labels"] * data.target_scaling[1] + data.target_scaling[0]).item()
        for example, data in zip(last, (whole, end), strict=True)
    ]
    assert restored == pytest.approx([59 % 7, 59 % 7], abs=1e-5)


def test_settings_that_mean_nothing_here_are_errors(texts, sales):
    with pytest.raises(DataError, match="leave task or horizon out"):
        csv_data(sales, label="sold", horizon=2, task="sequence_classification")
    with pytest.raises(DataError, match="does not take tokenizer"):
        csv_data(sales, label="sold", horizon=2, tokenizer="bpe")
    with pytest.raises(DataError, match="holds no numbers"):
        csv_data(sales, label="day", horizon=2)
    with pytest.raises(DataError, match="limit"):
        csv_data(sales, label="sold", horizon=2, limit=-3)
    with pytest.raises(DataError, match="legal is sequence_classification, got 'regression'"):
        csv_data(texts, task="regression")
    with pytest.raises(DataError, match=r"columns day,.* does not take sequence_length"):
        csv_data(sales, label="sold", sequence_length=7)
    with pytest.raises(DataError, match="no column 'label'; it has day, sold"):
        csv_data(sales)
