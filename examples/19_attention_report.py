"""What do the heads of a model look at? A small decoder is trained, watched and reported on.

`ActivationMonitor` tells during training whether activations or gradients vanish, explode or die.
`attention_report`
then says for each head how spread its weights are, how far it looks and how alike heads are, as a table and
as a page
that opens offline.

    python examples/19_attention_report.py
"""

import os

import torch

from hybrid_opt.classical import ActivationMonitor, DistanceGPT, attention_report, load_data

FAST = bool(os.environ.get("HYBRID_OPT_EXAMPLE_FAST"))
STEPS = 5 if FAST else 200

torch.set_num_threads(1)  # tensors this small gain nothing from more
torch.manual_seed(0)
data = load_data("pydoc_topics", tokenizer="characters", sequence_length=64, limit=30)
config = data.config(
    hidden_size=32, num_hidden_layers=2, num_attention_heads=4, metric=["l1", "l2", "cosine", "dot"]
)
model = DistanceGPT(config)
batch = torch.utils.data.default_collate([data.test[index] for index in range(4)])
inputs = {"input_ids": batch["input_ids"]}
start = attention_report(model, inputs).table()

optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
model.train()
with ActivationMonitor(model) as monitor:
    for _ in range(STEPS):
        rows = torch.randint(len(data.train), (8,))
        ids = torch.stack([data.train[int(row)]["input_ids"] for row in rows])
        loss = model(input_ids=ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(f"loss after {STEPS} steps: {loss.item():.2f}")
print(monitor.table().head(8).iloc[:, :6].to_string())
print("alarms:", [str(alarm) for alarm in monitor.alarms()] or "none")

model.eval()
report = attention_report(model, inputs)
table = report.table()
print(table[["layer", "head", "metric", "lambda", "entropy", "range", "sink"]].round(3).to_string())
print(f"mean normalized entropy: {start['entropy'].mean():.3f} before, {table['entropy'].mean():.3f} now")
report.to_html("attention.html")
print("attention.html")
