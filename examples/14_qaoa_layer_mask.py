"""A QAOA layer as a gate that keeps 3 of 8 parts, learned end to end, beside gates without a circuit.

Each task shows eight parts (think of attention heads): three features per part and the similarity of every
two. Keeping a part is worth a linear function of its features, and keeping two costs 1.2 times their
similarity. Models are trained on the value of the masks they choose, and have to learn the weights of the
features and, where the gate knows similarities, their factor. Gradients pass straight through the masks.
Expect the greedy gate to win: the circuit beats only the gates that judge every part by itself.
"""

import os
import time
from itertools import combinations

import torch

from hybrid_opt.layers import QAOALayer
from hybrid_opt.layers.straight_through import top_k_mask

N, KEEP = 8, 3
FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
STEPS, SEEDS = (3, range(1)) if FAST else (40, range(3))
FIRST, SECOND = zip(*combinations(range(N), 2))
MASKS = torch.tensor([[float(i in kept) for i in range(N)] for kept in combinations(range(N), KEEP)])
WORTH = torch.tensor([0.8, -0.5, 0.3])
torch.set_num_threads(1)


def make_tasks(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (count, 8, 3) and similarities (count, 28); parts of one of three families are alike."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.rand(count, N, 3, generator=generator)
    family = torch.randint(3, (count, N), generator=generator)
    alike = (family[:, FIRST] == family[:, SECOND]).float()
    return features, alike * (0.3 + 0.6 * torch.rand(count, len(FIRST), generator=generator))


def value(masks: torch.Tensor, features: torch.Tensor, similarity: torch.Tensor) -> torch.Tensor:
    """What masks (..., 8) are worth: what has to be found out."""
    return masks @ (features @ WORTH)[..., None] - 1.2 * (
        masks[..., FIRST] * masks[..., SECOND] @ similarity[..., None]
    )


def soft_mask(scores: torch.Tensor, k: int, left: torch.Tensor | None = None) -> torch.Tensor:
    """The k largest of the scores that are left.

    Backward it is k times the softmax of the scores in units of their spread. Like a circuit's marginals that
    sums to k and does not depend on scale and shift.
    """
    scores = scores / (scores.std(dim=-1, keepdim=True, correction=0) + 1e-6)
    if left is not None:
        scores = scores.masked_fill(~left, -torch.inf)
    return top_k_mask(k * torch.softmax(scores, dim=-1), k)


class Model(torch.nn.Module):
    """Scores from features, then a gate."""

    def __init__(self, gate: str) -> None:
        super().__init__()
        self.score = torch.nn.Linear(3, 1, bias=False)
        self.factor = torch.nn.Parameter(torch.tensor(0.5))
        self.gate = gate
        if gate == "QAOA, xy mixer":
            self.layer = QAOALayer(
                N, mixer="xy", weight=KEEP, top_k=KEEP, depth=3, simulator="native", seed=0
            )
        if gate == "QAOA, x mixer":
            self.layer = QAOALayer(N, top_k=KEEP, depth=3, simulator="native", seed=0)

    def forward(self, features: torch.Tensor, similarity: torch.Tensor) -> torch.Tensor:
        """Masks with three ones, shape (tasks, 8)."""
        scores = self.score(features).squeeze(-1)
        if self.gate == "top 3 scores":
            return soft_mask(scores, KEEP)
        if self.gate == "top 3, less mean similarity":
            of_each = torch.zeros_like(scores).index_add(1, torch.tensor(FIRST), similarity)
            of_each = of_each.index_add(1, torch.tensor(SECOND), similarity)
            return soft_mask(scores - self.factor * of_each * (KEEP - 1) / (N - 1), KEEP)
        if self.gate == "greedy, one after the other":
            return self.greedy(scores, similarity)
        return self.layer(-scores, self.factor * similarity)

    def greedy(self, scores: torch.Tensor, similarity: torch.Tensor) -> torch.Tensor:
        """Three times the best part that is left, less its similarity to those taken."""
        matrix = torch.zeros(len(scores), N, N)
        matrix[:, FIRST, SECOND] = matrix[:, SECOND, FIRST] = similarity
        taken = torch.zeros_like(scores)
        for _ in range(KEEP):
            gain = scores - self.factor * (matrix @ taken[..., None]).squeeze(-1)
            taken = taken + soft_mask(gain, 1, left=taken == 0)
        return taken


def train(model: Model, seed: int) -> None:
    """Adam on the value of the chosen masks, 64 new tasks per step, the same for every gate."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for step in range(STEPS):
        features, similarity = make_tasks(64, 1000 * seed + step)
        optimizer.zero_grad()
        (-value(model(features, similarity)[:, None], features, similarity).mean()).backward()
        optimizer.step()


tests = make_tasks(50 if FAST else 500, seed=999_999)
every = value(MASKS, *tests).squeeze(-1)  # of all 56 masks
chance, best = every.mean(), every.amax(dim=1).mean()

print(QAOALayer(N, mixer="xy", weight=KEEP, top_k=KEEP, simulator="native", seed=0))
print(f"\nshare of the way from a random mask (0) to the best one (1), {len(tests[0])} new tasks")
print(f"{'gate':<30}{'untrained':>11}{'trained':>18}{'seconds':>9}")
for gate in (
    "top 3 scores",
    "top 3, less mean similarity",
    "greedy, one after the other",
    "QAOA, x mixer",
    "QAOA, xy mixer",
):
    shares: list[list[float]] = []
    start = time.perf_counter()
    for seed in SEEDS:
        torch.manual_seed(seed)
        model = Model(gate)
        row = []
        for stage in range(2):
            if stage:
                train(model, seed)
            with torch.no_grad():
                reached = value(model(*tests)[:, None], *tests).mean()
            row.append(((reached - chance) / (best - chance)).item())
        shares.append(row)
    before, after = torch.tensor(shares).T
    spread = f"{after.mean():.3f} ± {after.std(correction=0):.3f}"
    print(f"{gate:<30}{before.mean():>11.3f}{spread:>18}{time.perf_counter() - start:>9.1f}")
