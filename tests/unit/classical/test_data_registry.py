"""One door: names, paths, and settings that a source does not take."""

import pytest

from hybrid_opt.classical import data_registry
from hybrid_opt.classical.data_registry import data_names, load_data
from hybrid_opt.classical.errors import DataError

NAMES = ["pydoc_topics", "standard_library", "unicode_names", "digits", "digit_patches", "breast_cancer"]
NAMES += ["wine", "reverse", "sort", "number_words", "decompose", "seasonal"]


def test_the_table_lists_every_data_set():
    table = data_names()
    assert table.index.tolist() == NAMES
    assert (
        table.loc["pydoc_topics", "settings"] == "task, tokenizer, vocab_size, sequence_length, limit, seed"
    )
    assert table.loc["wine", "settings"] == "limit, seed"
    assert table.loc["wine", "needs"] == "ml"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("pydoc_topics", "standard_library")])
def test_each_name_gives_its_data(name):
    data = load_data(name, limit=120, seed=1)
    assert data.name == name
    assert data.task == data_names().loc[name, "tasks"]
    assert len(data.hash) == 64
    assert data.collate is None


def test_settings_reach_the_source():
    data = load_data(
        "pydoc_topics", task="masked_lm", tokenizer="characters", sequence_length=40, limit=9, seed=2
    )
    assert (data.task, data.sequence_length, data.train.seed) == ("masked_lm", 40, 2)
    assert len(load_data("seasonal", horizon=3, sequence_length=10, limit=100).labels) == 3


def test_paths_go_by_their_kind(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").write_text(f"{number} words and words\n" * 9, encoding="utf-8")
    (tmp_path / "table.CSV").write_text("x,y\n" + "1,a\n2,b\n" * 20, encoding="utf-8")
    assert load_data(folder, tokenizer="characters", sequence_length=16).task == "causal_lm"
    assert load_data(str(folder), tokenizer="characters", sequence_length=16).name == "texts"
    assert load_data(tmp_path / "table.CSV", label="y").labels == ("a", "b")


def test_a_name_wins_over_a_file_and_a_path_can_be_forced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sort").mkdir()
    assert load_data("sort", limit=30).task == "seq2seq"
    with pytest.raises(DataError, match="holds no text"):
        load_data("./sort")


def test_the_usual_task_may_be_named():
    assert load_data("wine", task="sequence_classification").name == "wine"


def test_wrong_arguments(tmp_path):
    with pytest.raises(
        DataError, match=r"'mnist' is neither a data set nor a file.*pydoc_topics, standard_library"
    ):
        load_data("mnist")
    with pytest.raises(
        DataError, match="'wine' is data for sequence_classification, not for task 'regression'"
    ):
        load_data("wine", task="regression")
    with pytest.raises(DataError, match="'digits' does not take tokenizer, horizon; it takes limit, seed"):
        load_data("digits", tokenizer="bpe", horizon=3)
    (tmp_path / "a.txt").write_text("text", encoding="utf-8")
    with pytest.raises(DataError, match="does not take label"):
        load_data(tmp_path / "a.txt", label="y")


def test_every_data_set_takes_limit_and_seed():
    for entry in data_registry._REGISTERED.values():
        assert {"limit", "seed"} <= set(data_registry.inspect.signature(entry.make).parameters)


@pytest.mark.parametrize("source", ["", None, 5])
def test_what_names_nothing_is_refused_and_not_read_as_the_present_folder(source):
    with pytest.raises(DataError, match="named by a name or a path"):
        load_data(source)


def test_a_name_that_no_file_can_have_is_told_like_any_other():
    with pytest.raises(DataError, match="neither a data set nor a file"):
        load_data("a" * 300)
