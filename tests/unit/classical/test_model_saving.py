"""Saving and loading: bit for bit with buffers, from another process, in half precision, and broken files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder import DistanceEncoder
from hybrid_opt.classical.encoder_heads import (
    DistanceEncoderForMaskedLM,
    DistanceEncoderForSequenceClassification,
    DistanceEncoderForTokenClassification,
)
from hybrid_opt.classical.errors import CheckpointError, ComponentError
from hybrid_opt.classical.gpt import DistanceGPT, DistanceGPTModel
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq

CLASSES = [
    DistanceGPT,
    DistanceGPTModel,
    DistanceEncoder,
    DistanceEncoderForMaskedLM,
    DistanceEncoderForSequenceClassification,
    DistanceEncoderForTokenClassification,
    DistanceSeq2Seq,
]
EVERYTHING: dict[str, Any] = {
    "metric": [["l1", "lp"], "cosine"],
    "metric_p": [2.0, 3.0],
    "learn_p": True,
    "learn_scale": False,
    "feed_forward": ["dense", "moe"],
    "moe": {"num_experts": 2, "balance": "loss_free", "target_active": 1.5},
    "head_gate": {"name": "fixed", "gates": [1.0, 0.5]},
    "controller": {"name": "constant"},
    "attention_window": 5,
    "num_labels": 3,
}
TOKENS = torch.arange(8).unsqueeze(0)


def model_of(cls: type = DistanceGPT, **settings: Any) -> Any:
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
    return cls(DistanceTransformerConfig(**{**sizes, **settings}))


def disturbed(model: Any) -> Any:
    """Every parameter and buffer away from its initial value, so that nothing is equal by chance."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                tensor += 0.1 * torch.rand(tensor.shape, generator=generator)
            else:
                tensor += 1
    return model.eval()


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["plain", "everything"])
def test_round_trip_is_exact_with_buffers(cls: type, settings: dict[str, Any], tmp_path: Path):
    model = disturbed(model_of(cls, **settings))
    model.save_pretrained(tmp_path)
    loaded, report = cls.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    for (name, tensor), (other_name, other) in zip(
        model.state_dict().items(), loaded.state_dict().items(), strict=True
    ):
        assert name == other_name
        assert tensor.dtype == other.dtype
        assert torch.equal(tensor, other), name
    for module in (model, loaded):
        assert set(dict(module.named_buffers())) <= set(module.state_dict())  # none is left out of files
    # Weights mapped from a file may be aligned otherwise, and products then sum in another order.
    inputs = (
        {"input_ids": TOKENS, "decoder_input_ids": TOKENS}
        if cls is DistanceSeq2Seq
        else {"input_ids": TOKENS}
    )
    torch.testing.assert_close(loaded(**inputs)[0], model(**inputs)[0], rtol=0, atol=1e-5)
    again = model_of(cls, **settings).eval()
    again.load_state_dict(loaded.state_dict())
    assert torch.equal(again(**inputs)[0], model(**inputs)[0])
    assert not loaded.training


def test_another_process_loads_by_auto_class(tmp_path: Path, root: Path):
    model = disturbed(model_of(**EVERYTHING))
    model.save_pretrained(tmp_path)
    code = (
        "import sys, torch, warnings; warnings.simplefilter('error')\n"
        "import hybrid_opt.classical.gpt\n"
        "from transformers import AutoModelForCausalLM\n"
        "model = AutoModelForCausalLM.from_pretrained(sys.argv[1])\n"
        "print(type(model).__name__, model(input_ids=torch.arange(8)[None]).logits.double().sum().item())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    name, total = done.stdout.split()
    assert name == "DistanceGPT"
    assert float(total) == pytest.approx(model(input_ids=TOKENS).logits.double().sum().item(), rel=1e-6)


def test_tied_weights_are_written_once(tmp_path: Path):
    model_of().save_pretrained(tmp_path)
    assert "lm_head.weight" not in load_file(tmp_path / "model.safetensors")
    loaded = DistanceGPT.from_pretrained(tmp_path)
    assert loaded.lm_head.weight is loaded.get_input_embeddings().weight


def test_a_trunk_takes_the_weights_of_a_model_with_head_and_back(tmp_path: Path):
    model = disturbed(model_of(DistanceEncoderForMaskedLM))
    model.save_pretrained(tmp_path)
    trunk = DistanceEncoder.from_pretrained(tmp_path)
    assert torch.equal(trunk(input_ids=TOKENS)[0], model.model(input_ids=TOKENS)[0])
    classifier = DistanceEncoderForSequenceClassification.from_pretrained(tmp_path, num_labels=4)
    assert torch.equal(classifier.model(input_ids=TOKENS)[0], trunk(input_ids=TOKENS)[0])
    assert classifier.classifier.weight.shape == (4, 16)
    assert float(classifier.classifier.weight.detach().std()) == pytest.approx(
        0.02, rel=0.3
    )  # fresh, not empty memory
    trunk.save_pretrained(tmp_path / "trunk")
    head = DistanceEncoderForMaskedLM.from_pretrained(tmp_path / "trunk")
    assert torch.equal(head(input_ids=TOKENS).logits, model(input_ids=TOKENS).logits)


def test_parts_added_on_loading_start_afresh(tmp_path: Path):
    model = disturbed(model_of(metric="lp", metric_p=3.0))
    model.save_pretrained(tmp_path)
    settings = {"learn_p": True, "controller": {"name": "constant"}, "head_gate": {"name": "learned"}}
    loaded = DistanceGPT.from_pretrained(tmp_path, **settings)
    fresh = model_of(metric="lp", metric_p=3.0, **settings)
    old = model.state_dict()
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, old[name] if name in old else fresh.state_dict()[name]), name


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_loading_in_half_precision_keeps_scales_exact(dtype: torch.dtype, tmp_path: Path):
    model = disturbed(model_of())
    model.save_pretrained(tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=dtype)
    layer, original = loaded.attention_layers()[0], model.attention_layers()[0]
    assert loaded(input_ids=TOKENS).logits.dtype == dtype
    assert layer.query_projection.weight.dtype == dtype
    assert torch.equal(layer.effective_scale(), original.effective_scale())
    loaded.save_pretrained(tmp_path / "half")
    again = DistanceGPT.from_pretrained(tmp_path / "half")
    assert torch.equal(again(input_ids=TOKENS).logits, loaded(input_ids=TOKENS).logits)


def test_head_mask_is_saved(tmp_path: Path):
    model = model_of().eval()
    model.set_head_mask(torch.tensor([[1.0, 0.0], [0.25, 1.0]]))
    model.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    assert torch.equal(loaded.head_mask(), model.head_mask())
    assert torch.equal(loaded(input_ids=TOKENS).logits, model(input_ids=TOKENS).logits)


@pytest.mark.parametrize("kept", [0, 1000, -100])
def test_a_truncated_file_is_an_error(kept: int, tmp_path: Path):
    model_of().save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=rf"weights in {tmp_path} cannot be read.*truncated or damaged"):
        DistanceGPT.from_pretrained(tmp_path)


def rewritten(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """A model saved into a folder, its tensors changed behind its back."""
    model_of().save_pretrained(folder)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


WEIGHT = "model.stack.blocks.0.attention.query_projection.weight"


def test_missing_tensors_are_an_error(tmp_path: Path):
    rewritten(tmp_path, lambda tensors: tensors.pop(WEIGHT))
    with pytest.raises(CheckpointError, match=rf"lacks 1 tensors of the DistanceGPT.*{WEIGHT}"):
        DistanceGPT.from_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="lacks 1 tensors"):
        AutoModelForCausalLM.from_pretrained(tmp_path)


def test_tensors_of_another_shape_are_an_error_unless_allowed(tmp_path: Path):
    rewritten(tmp_path, lambda tensors: tensors.update({WEIGHT: torch.zeros(3, 16)}))
    with pytest.raises(
        CheckpointError, match=rf"1 tensors of another shape.*{WEIGHT}: 3x16 in the file, 16x16"
    ):
        DistanceGPT.from_pretrained(tmp_path)
    assert DistanceGPT.from_pretrained(tmp_path, ignore_mismatched_sizes=True).training is False


def test_a_folder_that_is_not_there_or_holds_no_weights(tmp_path: Path):
    with pytest.raises(CheckpointError, match=r"there is nothing at .*absent; give the folder"):
        DistanceGPT.from_pretrained(tmp_path / "absent")
    model_of().config.save_pretrained(tmp_path)
    with pytest.raises(OSError, match=r"no file named model\.safetensors"):
        DistanceGPT.from_pretrained(tmp_path)


def test_a_component_that_is_gone_is_named(tmp_path: Path):
    model_of(head_gate={"name": "learned"}).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({**settings, "head_gate": {"name": "quantum"}}))
    with pytest.raises(ComponentError, match="quantum"):
        DistanceGPT.from_pretrained(tmp_path)
