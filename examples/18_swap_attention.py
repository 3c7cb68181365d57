"""Swap distance attention into a torch model that is already trained, check the swap, and train it on.

The model is a plain torch.nn.TransformerEncoder that reads a digit row by row. With the metric "dot" the swap
changes no answer. With another metric it does; how many of them turn wrong, and how many after a few steps of
training, stands beside a model whose heads look at everything alike, which says how much attention matters.
Needs the extra "ml" for the digits.
"""

import copy
import math
import os

import torch
from sklearn.datasets import load_digits
from torch import nn

from hybrid_opt.classical import attention_report, replace_attention

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
STEPS, MORE = (5, 3) if FAST else (400, 60)
torch.set_num_threads(1)  # so small, a second thread gains little, and loses much where it has to wait
torch.manual_seed(0)


class DigitReader(nn.Module):
    """Eight rows of eight pixels are eight tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Linear(8, 32)
        self.places = nn.Parameter(0.02 * torch.randn(8, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.classes = nn.Linear(32, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 8, 8) to logits (B, 10)."""
        return self.classes(self.encoder(self.rows(images) + self.places).mean(1))


digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32) / 8 - 1
labels = torch.tensor(digits.target)
order = torch.randperm(len(labels))
train, test = order[:1200], order[1200:]


def fit(model: nn.Module, steps: int) -> None:
    """Some steps of Adam; the optimizer is made here, after any swap, because a swap makes new parameters."""
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    model.train()
    for _ in range(steps):
        batch = train[torch.randint(len(train), (64,))]
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def accuracy(model: nn.Module) -> float:
    model.eval()
    return (model(images[test]).argmax(1) == labels[test]).float().mean().item()


reader = DigitReader()
fit(reader, STEPS)
print(f"torch.nn.MultiheadAttention: {accuracy(reader):.3f} of the test digits right")

# The check: the dot product through distance attention is what was there.
checked = copy.deepcopy(reader)
print("replaced:", ", ".join(replace_attention(checked, "dot")))
with torch.no_grad():
    difference = (checked.eval()(images[test]) - reader.eval()(images[test])).abs().max().item()
print(f"largest difference of an output with the metric dot: {difference:.1e}\n")

print(f"metric        accuracy after the swap   after {MORE} more steps   entropy of its heads, then")
control = copy.deepcopy(reader)
fit(control, MORE)
print(f"{'(unswapped)':<14}{accuracy(reader):>23.3f}{accuracy(control):>24.3f}")
for metric in ("l1", "l2", "squared_l2", "cosine", "chebyshev", "(even)"):
    swapped = copy.deepcopy(reader)
    if metric == "(even)":
        replace_attention(swapped, "l1", learn_scale=False)
        for layer in swapped.encoder.layers:
            layer.self_attn.attention.log_scale_ratio.fill_(-math.log(100))
    else:
        replace_attention(swapped, metric)
    before = accuracy(swapped)
    fit(swapped, MORE)
    after = accuracy(swapped)
    entropy = attention_report(swapped, images[test][:64]).table()["entropy"]
    print(f"{metric:<14}{before:>23.3f}{after:>24.3f}{entropy.min():>20.2f} to {entropy.max():.2f}")
