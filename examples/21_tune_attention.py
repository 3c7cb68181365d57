"""Tune metrics, lambda, dropout, heads and learning rate of a digits encoder, beside TPE and random search.

The search goes on where it was if the script is stopped and run again: everything is in the folder
"tuned_digits", the report and the chosen configuration too. Needs the extras "transformer", "tuning", "ml".
"""

import os

import torch

from hybrid_opt.classical import DistanceTransformerConfig, TrainingSettings, load_data
from hybrid_opt.tuning import attention_space, tune_attention

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
TRIALS, STEPS, SEEDS = (2, 2, 2) if FAST else (30, 60, 3)
torch.set_num_threads(1)  # so small, a second thread gains little

data = load_data("digits", seed=0)
config = data.config(hidden_size=32, num_hidden_layers=2, num_attention_heads=4)
training = TrainingSettings(max_steps=STEPS, batch_size=32, learning_rate=4e-3)

tuning = tune_attention(
    config,
    data,
    "tuned_digits",
    trials=TRIALS,
    training=training,
    search_space=attention_space(config, training),
    compare=() if FAST else ("tpe", "random"),
    fresh_seeds=SEEDS,
    seed=1,
)
print(tuning)

# The chosen configuration is an ordinary one.
chosen = DistanceTransformerConfig.from_pretrained("tuned_digits")
print([chosen.layer_metric(layer) for layer in range(2)], chosen.scale_factor)
