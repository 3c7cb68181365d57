"""Circuits inside a transformer: a controller of lambda, a router of experts, a gate of heads, and controls.

Each is named in the configuration, trains with the model, and comes back with it from its folder. One seed
shows that they work, not that they are worth it: docs/layers_in_the_model.md has the comparison. Needs the
extras "transformer", "tuning", "ml" and "aer".
"""

import os
import tempfile

import torch

from hybrid_opt.classical import (
    DistanceEncoderForSequenceClassification,
    TrainingSettings,
    freeze_metrics,
    load_data,
)
from hybrid_opt.tuning import AttentionObjective

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
STEPS = 2 if FAST else 250
torch.set_num_threads(1)  # so small, a second thread gains little

data = load_data("digit_patches", limit=200 if FAST else None, seed=0)
config = data.config(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, metric="l2")
training = TrainingSettings(max_steps=STEPS, batch_size=32, learning_rate=5e-3)
objective = AttentionObjective(config, data, training, seed=1)

native = {"simulator": "native"}  # without it the same circuits run on Aer
experts = {"feed_forward": "moe", "moe": {"num_experts": 4, "top_k": 1}}
arms = {
    "plain": {},
    "controller: constant": {"controller": {"name": "constant"}},
    "controller: circuit": {"controller": {"name": "qnn", **native}},
    "lambda: ground state": {"controller": {"name": "vqe_bins", **native}},
    "metric: ground state": {"metric_choice": {"name": "vqe_metric", "metrics": ["l2", "cosine"], **native}},
    "two of four heads: top k": {"head_gate": {"name": "top_k", "keep": 2}},
    "two of four heads: QAOA": {"head_gate": {"name": "qaoa", "keep": 2, **native}},
    "experts: softmax": experts,
    "experts: quantum kernel": {**experts, "router": {"name": "quantum_kernel", **native}},
}
for name, settings in arms.items():
    model, _ = objective.train(settings, seed=1)
    print(f"{name:26s} {model.num_parameters():7,d} parameters  test loss {objective.held_out(model):.4f}")
    if "metric_choice" in settings:
        frozen = freeze_metrics(model)  # the same model without the circuit
        print(f"{'':26s} metrics of the layers: {frozen.config.metric}")

with tempfile.TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    again = DistanceEncoderForSequenceClassification.from_pretrained(folder).eval()
images = torch.stack([data.test[i]["input_values"] for i in range(4)])
with torch.no_grad():
    assert torch.equal(model(input_values=images).logits, again(input_values=images).logits)
print("saved, loaded by its name, and the same answers to the last bit")
