"""Cluster the tokens that reach a layer of experts, assign them under capacity, set the router.

Two problems are asked: a linear one, where a classical method is optimal and no QUBO is needed, and one in
which pairs of clusters count, by QAOA beside the exact answer. One seed shows that it works, not that it is
worth it. Needs the extras "transformer", "ml" and "aer".
"""

import copy
import os

import torch

import hybrid_opt as ho
from hybrid_opt.classical import DistanceEncoderForSequenceClassification, load_data

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
STEPS, CLUSTERS, EXAMPLES = (3, 4, 32) if FAST else (150, 12, 256)
EXPERTS, LAYER = 3, 1
torch.set_num_threads(1)  # so small, a second thread gains little
torch.manual_seed(0)

data = load_data("digit_patches", seed=0)
model = DistanceEncoderForSequenceClassification(
    data.config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, metric="l2",
        feed_forward=["dense", "moe"], moe={"num_experts": EXPERTS, "top_k": 1, "balance": "none"},
    )
)  # fmt: skip


def train(model: torch.nn.Module, steps: int, seed: int) -> float:
    """A few steps on random batches; the last loss."""
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(steps):
        rows = [data.train[int(i)] for i in torch.randint(len(data.train), (32,))]
        batch = {name: torch.stack([torch.as_tensor(row[name]) for row in rows]) for name in rows[0]}
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    return loss.item()


held_out = ho.tuning.read_batches(data, model, split="test", examples=EXAMPLES, batch_size=64, seed=1)


def told(words: str, model: torch.nn.Module) -> None:
    """Held-out loss and balance of the layer as it is."""
    layer = next(part for part in model.modules() if hasattr(part, "reset_statistics"))
    layer.reset_statistics()
    loss = held_out.mean_loss(model)
    print(f"{words:32s} held-out loss {loss:.4f}, MaxVio {layer.statistics().max_violation:.3f}")


print(f"training loss {train(model, STEPS, seed=0):.3f}")
told("trained, softmax router", model)
clusters = ho.tuning.cluster_tokens(model, data, LAYER, CLUSTERS, examples=EXAMPLES, seed=1)
print(clusters)

# Experts take 1.2 times the even share, or more where whole clusters need it: they are never split.
capacity = clusters.room(1.2)

# Clusters of any size are no assignment problem, but still a linear one: MILP proves the optimum.
print(ho.tuning.assign_experts(clusters.problem(capacity=capacity), compare=("argmax", "sinkhorn"), seed=1))

# Uniform draws get a row at equal samples and one at equal time: what the circuit adds is beyond those.
problem = clusters.problem(capacity=capacity, co_weight=0.1, sim_weight=0.05)
routing = ho.tuning.assign_experts(problem, "qaoa", compare=("milp", "greedy", "argmax", "uniform"), seed=1)
print(routing)

untouched = copy.deepcopy(model)
share = routing.initialize(model, LAYER)
print(f"centroids that prefer their expert after initialize: {share:.0%} of the tokens")
told("router set", model)
train(model, STEPS // 3, seed=1)
train(untouched, STEPS // 3, seed=1)
told("router set, trained on", model)
told("the same training without", untouched)
again = ho.tuning.cluster_tokens(model, data, LAYER, CLUSTERS, examples=EXAMPLES, seed=1)
frozen = ho.tuning.assign_experts(again.problem(capacity=again.room(1.2)), seed=1)
frozen.freeze(model, LAYER)
told("assigned again, frozen table", model)
