"""Names and degrees of metrics, and heads grouped by them."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.dense_attention import dense_distances
from hybrid_opt.classical.errors import AttentionError
from hybrid_opt.classical.metrics import (
    METRICS,
    HeadGroup,
    check_metric,
    group_heads,
    homogeneity_degree,
    metrics_of_heads,
)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_known_and_has_its_degree(name):
    assert check_metric(name) == name
    generator = torch.Generator().manual_seed(0)
    query, key = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator).unbind()
    p = 2.5 if name == "lp" else None
    grown = dense_distances(3 * query, 3 * key, name, p)
    torch.testing.assert_close(grown, 3.0 ** homogeneity_degree(name) * dense_distances(query, key, name, p))


@pytest.mark.parametrize("name", ["L1", "", "euclidean", 1, None, ["l1"]])
def test_an_unknown_metric_is_refused_with_the_legal_ones(name):
    with pytest.raises(AttentionError, match=r"is unknown; choose one of l1, l2, .*dot") as caught:
        check_metric(name)
    assert repr(name) in str(caught.value)
    with pytest.raises(AttentionError, match="is unknown"):
        homogeneity_degree(name)


def test_one_name_serves_all_heads_and_a_list_each():
    assert metrics_of_heads("dot", 2) == ("dot", "dot")
    assert metrics_of_heads(["l1", "dot"], 2) == ("l1", "dot")


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (["l1"], "1 metrics were given for 2 query heads; give one name, or one per head"),
        (["l1", "manhattan"], "'manhattan' is unknown"),
        (3, "neither a name nor a sequence"),
        ({"l1", "l2"}, "neither a name nor a sequence"),
    ],
)
def test_other_numbers_or_kinds_of_names_are_refused(metric, message):
    with pytest.raises(AttentionError, match=message):
        metrics_of_heads(metric, 2)


def test_heads_of_one_metric_stay_one_group_with_shared_keys():
    assert group_heads(("l1",) * 6, 2) == [HeadGroup("l1", (0, 1, 2, 3, 4, 5), (0, 1), 3)]


def test_a_group_that_uses_keys_unevenly_lists_them_per_query_head():
    groups = group_heads(("l1", "l1", "l1", "dot"), 2)
    assert groups == [HeadGroup("l1", (0, 1, 2), (0, 0, 1), 1), HeadGroup("dot", (3,), (1,), 1)]


@pytest.mark.parametrize("shared", [1, 2, 4, 8])
def test_groups_lead_every_query_head_to_its_key_head(shared):
    metrics = ("l1", "dot", "l1", "l1", "l2", "dot", "l2", "l1")
    found = {}
    for group in group_heads(metrics, shared):
        assert len(group.query_heads) == len(group.key_value_heads) * group.repeats
        for place, head in enumerate(group.query_heads):
            assert metrics[head] == group.metric
            found[head] = group.key_value_heads[place // group.repeats]
    assert found == {head: head // (8 // shared) for head in range(8)}
