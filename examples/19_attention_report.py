"""Look inside a model while it trains and afterwards, on a task whose answer is known.

A line of random tokens comes twice, so that the second half can be told from the first: whoever stands in it
has to look as many tokens back as the line is long, less one. The monitor watches the training, the report
shows which heads have found this out, and the page holds it all for later.
Needs the extra "transformer".
"""

import os

import torch

from hybrid_opt.classical import ActivationMonitor, DistanceGPT, DistanceTransformerConfig, attention_report

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
STEPS = 6 if FAST else 400
LINE, VOCABULARY, BATCH = 24, 40, 32
torch.set_num_threads(1)  # so small, a second thread gains little, and loses much where it has to wait
torch.manual_seed(0)


def lines(number: int) -> torch.Tensor:
    """Random lines, each of them twice in a row."""
    return torch.randint(3, VOCABULARY, (number, LINE)).repeat(1, 2)


# One metric per head, so that the report can compare them side by side.
config = DistanceTransformerConfig(
    vocab_size=VOCABULARY,
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    metric=["l1", "l2", "cosine", "dot"],
    position="rotary",
    max_position_embeddings=2 * LINE,
)
model = DistanceGPT(config)
examples = lines(16)
before = attention_report(model, {"input_ids": examples})

# Every tenth step is looked at, which costs little; training computes the same numbers as without.
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
with ActivationMonitor(model, every=10) as monitor:
    for step in range(STEPS):
        tokens = lines(BATCH)
        labels = tokens.clone()
        labels[:, :LINE] = -100  # the first half is random, and nobody can tell it
        loss = model(input_ids=tokens, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % max(1, STEPS // 8) == 0 or step == STEPS - 1:
            print(f"step {step:4d}: loss {loss.item():.3f}")

watched = monitor.table()
blocks = watched[watched["module"].str.fullmatch(r"model\.stack\.blocks\.\d+") & (watched["output"] == "0")]
print("\nwhat the blocks hand on, and its gradient:")
print(
    blocks[["module", "quantity", "std", "max_absolute", "nonfinite_share"]].round(5).to_string(index=False)
)
for alarm in monitor.alarms():
    print(alarm)
print(f"{len(monitor.alarms())} alarms")

# Entropy 1 is an even look at everything, 0 a look at one token.
after = attention_report(
    model, {"input_ids": examples}, tokens=[str(token) for token in examples[0].tolist()]
)
columns = ["layer", "head", "metric", "lambda", "entropy", "sparsity", "range", "sink"]
print("\nbefore training:")
print(before.table()[columns].round(3).to_string(index=False))
print("\nafter training:")
print(after.table()[columns].round(3).to_string(index=False))

# Which head looks where the answer stands? Rows of the second half, and the key LINE - 1 before each.
print(f"\nweight on the token {LINE - 1} back, in the second half:")
rows = range(LINE, 2 * LINE - 1)
for layer in range(config.num_hidden_layers):
    shares = []
    for head in range(config.num_attention_heads):
        weights = after.map(layer, head, rows=rows)
        shares.append(sum(weights.loc[row, row - LINE + 1] for row in rows) / len(rows))
    print(f"layer {layer}: " + ", ".join(f"{share:.2f}" for share in shares))
print("\nsimilarity of the heads' outputs in the last layer:")
print(after.similarity(config.num_hidden_layers - 1).round(2).to_string())

after.to_html("attention_report.html", title="Attention after training")
monitor.plot().savefig("activations.png", dpi=110)
print("\nattention_report.html and activations.png are in this folder")
