"""Size and attention of a model, against the report they come from."""

from __future__ import annotations

import json

import pytest
import torch

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.trained_folder import model_class
from hybrid_opt.system.model_facts import model_facts
from hybrid_opt.system.recipe_training import LOOKED_AT, attention_batch

DATA = load_data("wine")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=2, metric="l2")
    return model_class(DATA.task).from_config(config).eval()


def test_parameters_and_bytes_add_up(model):
    facts = model_facts(model, DATA)
    assert sum(facts["parameters"].values()) == sum(part.numel() for part in model.parameters())
    assert facts["bytes"] == 4 * sum(facts["parameters"].values())
    attention = sum(p.numel() for name, p in model.named_parameters() if ".attention." in name)
    assert facts["parameters"]["attention"] == attention > 0
    json.dumps(facts, allow_nan=False)


def test_layers_are_those_of_the_report(model):
    facts = model_facts(model, DATA)
    table = attention_report(model, attention_batch(model, DATA), max_rows=64).table("layer")
    assert [layer["entropy"] for layer in facts["layers"]] == pytest.approx(table["entropy"].tolist())
    assert [layer["metric"] for layer in facts["layers"]] == ["l2", "l2"]
    assert set(facts["positions"]) == {"0", "1"}
    assert all(0 <= place < 13 for places in facts["positions"].values() for place in places)
    assert facts["sequences"] == min(LOOKED_AT, len(DATA.validation))
