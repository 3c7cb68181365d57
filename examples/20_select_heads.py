"""Train a small digits encoder, choose half of its heads by QAOA beside the exact answer, remove the rest.

The question of which heads stay is quadratic in bits; its answer by QAOA stands beside the exact optimum and
a greedy one, and the mask beside rules of the literature, all judged on held-out digits. Needs the extras
"transformer", "ml" and "aer".
"""

import os

import torch

import hybrid_opt as ho
from hybrid_opt.classical import DistanceEncoderForSequenceClassification, load_data

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
STEPS, HEADS, EXAMPLES = (3, 2, 16) if FAST else (250, 4, 128)
torch.set_num_threads(1)  # so small, a second thread gains little
torch.manual_seed(0)

data = load_data("digits", seed=0)
model = DistanceEncoderForSequenceClassification(
    data.config(hidden_size=32, num_hidden_layers=3, num_attention_heads=HEADS, metric="l2")
)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for _ in range(STEPS):
    rows = [data.train[int(i)] for i in torch.randint(len(data.train), (32,))]
    batch = {name: torch.stack([torch.as_tensor(row[name]) for row in rows]) for name in rows[0]}
    loss = model(**batch).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
model.eval()
print(f"training loss {loss.item():.3f}, {model.num_parameters():,} parameters")

selection = ho.tuning.select_heads(
    model,
    data,
    keep=0.5,
    method="qaoa",
    compare=("exact", "greedy"),
    examples=EXAMPLES,
    batch_size=32,
    seed=1,
)
print(selection)

held_out = ho.tuning.read_batches(data, model, split="test", examples=None, batch_size=64)
calibration = ho.tuning.read_batches(data, model, examples=EXAMPLES, batch_size=32, seed=1)
question = ho.tuning.HeadQuestion(selection.statistics, keep=int(selection.mask.sum()))
masked = held_out.mean_loss(model, selection.mask)
print(f"held-out loss  all heads {held_out.mean_loss(model):.4f}, selected {masked:.4f}")
for rule in ("random", "magnitude", "michel", "kwon"):
    found = ho.tuning.head_baseline(rule, model, calibration, question, seed=1)
    print(f"               {rule:10s} {held_out.mean_loss(model, found.mask):.4f}")

pruned = selection.prune(model)
print(f"pruned: {pruned.num_parameters():,} parameters, held-out loss {held_out.mean_loss(pruned):.4f}")
assert abs(held_out.mean_loss(pruned) - masked) < 1e-5
