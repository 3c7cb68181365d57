"""Train a character GPT with distance attention on CPython's help topics, in two minutes on two cores.

Everything is offline: the text comes with Python, and the Trainer of transformers does the training. Start
the script again after ctrl-C and it goes on where it was. Beside the model stand models that only count: two
minutes bring a network near a 5-gram model, and the table says whether past it.
Needs the extra "transformer".
"""

import os

import torch

from hybrid_opt.classical import DistanceGPT, TrainingSettings, evaluate, generate_text, load_data, train

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
STEPS = 4 if FAST else 1200
torch.set_num_threads(1)  # so small, a second thread gains little, and loses much where it has to wait

# Characters as tokens, split by topic; topics that quote each other stay in the same part.
data = load_data("pydoc_topics", tokenizer="characters", sequence_length=128, limit=20 if FAST else None)
print(data.table())
print("\n".join(data.notes))

# The data know vocabulary and length, the rest is chosen here. Attention weights are
# softmax(-lambda |q - k|^2 / sqrt(d)), with a learned lambda for each head.
torch.manual_seed(0)
size = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
model = DistanceGPT(data.config(**size, metric="squared_l2", position="rotary"))
print(f"\n{sum(weights.numel() for weights in model.parameters()):,} parameters")

tenths = set()


def show(share: float, words: str) -> None:
    """A line for each tenth of the run."""
    if int(10 * share) not in tenths:
        tenths.add(int(10 * share))
        print(f"{share:5.0%}  {words}", flush=True)


settings = TrainingSettings(batch_size=8, learning_rate=3e-3, max_steps=STEPS)
result = train(model, data, "character_gpt", settings, progress=show)
print(f"{result.steps} steps; curves, metrics and the model are in character_gpt/")

# Bits per character on topics that the model has not seen.
print(f"\n{evaluate(model, data).table().round(3).to_string(na_rep='')}\n")

# Each head has found its own width: lambda as learned, over lambda at the start.
for number, layer in enumerate(model.attention_layers()):
    factors = layer.log_scale_ratio.detach().exp().tolist()
    print(f"lambda of layer {number} over its start: " + ", ".join(f"{factor:.2f}" for factor in factors))

print()
print(generate_text(model, data.tokenizer, "The ", 40 if FAST else 120, temperature=0.7, seed=0))
