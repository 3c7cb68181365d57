"""Put attention by distance into a torch model that exists already.

An encoder of torch's own layers has its `nn.MultiheadAttention` replaced by `DistanceAttention`, weights
carried over.
With the dot product and the literal scale the outputs stay what they were, which shows that nothing else
changed. Then
the metric is L1, calibrated on the data the layer sees, and a few steps of training show that gradients
arrive.

    python examples/18_swap_attention.py
"""

import os

import torch
from torch import nn

from hybrid_opt.classical import DistanceAttention

FAST = bool(os.environ.get("HYBRID_OPT_EXAMPLE_FAST"))
WIDTH, HEADS, TOKENS, STEPS = 32, 4, 20, 5 if FAST else 100


class SwappedAttention(nn.Module):
    """`DistanceAttention` behind the call of `nn.MultiheadAttention`, as torch's encoder layer makes it."""

    batch_first = (
        False  # keeps torch's layer from its shortcut past this module; inputs are (B, T, C) all the same
    )

    def __init__(self, old: nn.MultiheadAttention, metric: str, scale_init: str) -> None:
        super().__init__()
        self.attention = DistanceAttention(
            WIDTH, HEADS, metric=metric, scale_init=scale_init, dropout=old.dropout
        )
        names = ("query_projection", "key_projection", "value_projection")
        with torch.no_grad():
            for name, weight, bias in zip(names, old.in_proj_weight.chunk(3), old.in_proj_bias.chunk(3)):
                getattr(self.attention, name).weight.copy_(weight)
                getattr(self.attention, name).bias.copy_(bias)
            self.attention.output_projection.load_state_dict(old.out_proj.state_dict())

    def forward(self, query, key, value, key_padding_mask=None, **others):
        """Attend; torch marks keys to ignore, here a mask marks keys to see."""
        mask = None
        if key_padding_mask is not None:  # torch hands it on as 0 and minus infinity
            mask = key_padding_mask == 0 if key_padding_mask.is_floating_point() else ~key_padding_mask
        return self.attention(query, mask=mask)


def encoder() -> nn.TransformerEncoder:
    """Two of torch's layers, the same at each call."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, dropout=0.0, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


def swap(model: nn.TransformerEncoder, metric: str, scale_init: str = "calibrated") -> None:
    """Replace the attention of every layer."""
    for layer in model.layers:
        layer.self_attn = SwappedAttention(layer.self_attn, metric, scale_init)


tokens = torch.randn(8, TOKENS, WIDTH, generator=torch.Generator().manual_seed(1))
padding = torch.zeros(8, TOKENS, dtype=torch.bool)
padding[:, 15:] = True

original, swapped = encoder(), encoder()
swap(swapped, "dot", "unit")
with torch.no_grad():
    expected = original(tokens, src_key_padding_mask=padding)
    difference = (swapped(tokens, src_key_padding_mask=padding) - expected)[:, :15].abs().max()
print(f"dot product, weights carried over: largest difference to torch's own attention {difference:.1e}")
assert difference < 1e-5

for metric in ("dot", "l1"):
    model = encoder()
    swap(model, metric)
    model.layers[0].self_attn.attention.calibrate(tokens)
    head = nn.Linear(WIDTH, 1)
    optimizer = torch.optim.AdamW([*model.parameters(), *head.parameters()], lr=1e-3)
    target = tokens.amax(dim=(1, 2))[:, None]  # the largest number of each sequence
    losses = []
    for _ in range(STEPS):
        loss = nn.functional.mse_loss(head(model(tokens).mean(1)), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"{metric}: training loss {losses[0]:.3f} -> {losses[-1]:.3f} in {STEPS} steps")
