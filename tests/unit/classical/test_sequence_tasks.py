"""Rule-made pairs: no source twice, targets that follow the rule, padding that does not count."""

import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.sequence_rules import SEQUENCE_RULES
from hybrid_opt.classical.sequence_tasks import draw_pairs, sequence_task_data


@pytest.mark.parametrize("name", SEQUENCE_RULES)
def test_labels_follow_the_rule(name):
    data = sequence_task_data(name, limit=40)
    tokenizer = data.tokenizer
    for part in ("train", "validation", "test"):
        for example, source in zip(data.split(part), data.texts[part], strict=True):
            read = example["input_ids"][example["attention_mask"].bool()]
            wanted = example["labels"][example["labels"] != -100]
            assert tokenizer.decode(read) == f"{source}<eos>"
            assert tokenizer.decode(wanted) == f"{SEQUENCE_RULES[name].answer(source)}<eos>"
            assert tokenizer.unk_token_id not in [*read.tolist(), *wanted.tolist()]
            assert len(example["input_ids"]) == len(example["labels"]) == data.sequence_length


def test_no_source_is_in_two_parts():
    data = sequence_task_data("sort", limit=500)
    sources = [source for part in data.texts.values() for source in part]
    assert len(set(sources)) == 500


def test_a_larger_count_continues_the_same_draws():
    rule = SEQUENCE_RULES["reverse"]
    assert draw_pairs(rule, 50)[:20] == draw_pairs(rule, 20)
    assert draw_pairs(rule, 20) != draw_pairs(rule, 20, seed=1)


def test_the_vocabulary_does_not_depend_on_the_draws():
    few, many = (sequence_task_data("number_words", limit=limit) for limit in (5, 50))
    assert few.tokenizer.get_vocab() == many.tokenizer.get_vocab()
    assert few.hash != many.hash


def test_wrong_arguments():
    with pytest.raises(DataError, match="unknown sequence task 'translate'; legal are reverse, sort"):
        sequence_task_data("translate")
    with pytest.raises(DataError, match="at least 13, the longest text of reverse"):
        sequence_task_data("reverse", sequence_length=12, limit=100)
    assert sequence_task_data("reverse", sequence_length=20, limit=30).sequence_length == 20
    with pytest.raises(DataError, match="at least 3 pairs"):
        sequence_task_data("sort", limit=2)
    few = SEQUENCE_RULES["sort"].__class__(
        "coin", "01", "01", str, lambda generator: str(generator.integers(2)), ""
    )
    with pytest.raises(DataError, match="hardly more than 2 sources; 3 were asked for"):
        draw_pairs(few, 3)
