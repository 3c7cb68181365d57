"""Registration with the auto classes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
import torch
import transformers

from hybrid_opt.classical.auto_classes import register_auto_classes
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder import DistanceEncoder
from hybrid_opt.classical.gpt import DistanceGPT, DistanceGPTModel

SIZES = {"vocab_size": 50, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}


@pytest.mark.parametrize(
    ("auto_class", "name"),
    [
        ("AutoModelForCausalLM", "DistanceGPT"),
        ("AutoModelForSeq2SeqLM", "DistanceSeq2Seq"),
        ("AutoModelForMaskedLM", "DistanceEncoderForMaskedLM"),
        ("AutoModelForSequenceClassification", "DistanceEncoderForSequenceClassification"),
        ("AutoModelForTokenClassification", "DistanceEncoderForTokenClassification"),
        ("AutoModel", "DistanceEncoder"),
    ],
)
def test_auto_classes_build_our_models(auto_class: str, name: str):
    register_auto_classes()
    register_auto_classes()  # repeated calls are harmless
    model = getattr(transformers, auto_class).from_config(DistanceTransformerConfig(**SIZES))
    assert type(model).__name__ == name


@pytest.mark.parametrize("cls", [DistanceEncoder, DistanceGPTModel, DistanceGPT])
def test_auto_model_builds_what_the_checkpoint_names(cls: type, tmp_path: Path):
    model = cls(DistanceTransformerConfig(**SIZES)).eval()
    model.save_pretrained(tmp_path)
    loaded = transformers.AutoModel.from_pretrained(tmp_path)
    assert type(loaded) is cls
    tokens = torch.arange(5).unsqueeze(0)
    assert torch.equal(loaded(input_ids=tokens)[0], model(input_ids=tokens)[0])


@pytest.mark.parametrize("file", ["encoder", "encoder_heads", "gpt", "seq2seq", "pretrained_model"])
def test_any_model_file_may_be_imported_first(file: str, monkeypatch: pytest.MonkeyPatch):
    package = "hybrid_opt.classical"
    files = ("encoder", "encoder_heads", "gpt", "seq2seq", "pretrained_model", "auto_classes")
    for name in files:
        monkeypatch.delitem(sys.modules, f"{package}.{name}", raising=False)
        monkeypatch.setattr(sys.modules[package], name, None, raising=False)  # put back afterwards
    entered = []
    for auto_class in (transformers.AutoModelForCausalLM, transformers.AutoModelForSeq2SeqLM):
        monkeypatch.setattr(auto_class, "register", lambda _, model, **__: entered.append(model.__name__))
    monkeypatch.setattr(transformers.AutoModel, "register", lambda *_, **__: entered.append("trunks"))
    for other in ("MaskedLM", "SequenceClassification", "TokenClassification"):
        monkeypatch.setattr(getattr(transformers, f"AutoModelFor{other}"), "register", lambda *_, **__: None)
    importlib.import_module(f"{package}.{file}")
    if file != "pretrained_model":
        assert {"trunks", "DistanceGPT", "DistanceSeq2Seq"} <= set(entered)
