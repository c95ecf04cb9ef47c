# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Train it
#
# In this lesson you train several dozen tiny networks, each in a second or two, and try four ideas of the paper: ReLU, dropout, response normalisation and overlapping pooling. It takes about 20 minutes, most of it reading.
#
# **You will learn**
#
# - how a network learns: the whole loop is ten lines
# - how to compare two designs fairly: same pictures, several random starts, error bars
# - which of the four ideas show in so small an experiment, and which do not
# - how many runs it would take to see a gain of half a point
#
# This is a toy. The pictures are drawn by a program, and the networks have a few ten thousand parameters instead of 60 million. A toy can show how to find out. It cannot confirm or refute what the paper measured on a million photographs.

# %% tags=["colab"]
# In Google Colab only: fetches the project and what it needs from the address between the quotes.
import os
import subprocess
import sys

REPOSITORY = ""
if REPOSITORY and "google.colab" in sys.modules and not os.path.exists("lesson.py"):
    subprocess.run(["git", "clone", "--depth", "1", REPOSITORY, "alexnet"], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "./alexnet[notebooks]"], check=True)
    os.chdir("alexnet/docs/notebooks")

# %%
import lesson
import numpy as np
import torch
from lesson import cite, plt, say, show
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)  # for layers this small, sharing the work costs more than it saves

# %% [markdown]
# ## Pictures
#
# Ten kinds of shapes, 16 × 16 pixels, grey. Place, size, slant and contrast differ from picture to picture. The ground is uneven, and there is noise on top.

# %%
NAMES = ["disc", "ring", "square", "triangle", "cross"]
NAMES += ["star", "moon", "ellipse", "bars", "propeller"]
SIDE = 16


def shapes(u: np.ndarray, v: np.ndarray) -> list[np.ndarray]:
    """Which points of a plane lie inside each shape; the shapes are about 2 wide."""
    far, angle = np.hypot(u, v), np.arctan2(v, u)
    wide, tall = abs(u), abs(v)
    return [
        far < 1,
        (far < 1) & (far > 0.55),
        np.maximum(wide, tall) < 0.8,
        np.maximum(v, 0.87 * wide - 0.5 * v) < 0.5,
        (np.minimum(wide, tall) < 0.28) & (np.maximum(wide, tall) < 0.95),
        far < 0.62 + 0.38 * np.cos(5 * angle),
        (far < 1) & (np.hypot(u - 0.5, v) > 0.75),
        u**2 + (v / 0.45) ** 2 < 1,
        (wide < 0.9) & (tall > 0.22) & (tall < 0.7),
        (far < 1) & (np.sin(3 * angle) > 0),
    ]


def drawn(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (count, 1, 16, 16), centred on 0, and the number of the shape in each."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, len(NAMES), count)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    pictures = np.empty((count, 1, SIDE, SIDE), np.float32)
    for picture, kind in zip(pictures, kinds, strict=True):
        left, top = random.uniform(-0.3, 0.3, 2)
        size, slant = random.uniform(0.5, 0.75), random.uniform(-0.5, 0.5)
        u = ((x - left) * np.cos(slant) + (y - top) * np.sin(slant)) / size
        v = ((y - top) * np.cos(slant) - (x - left) * np.sin(slant)) / size
        ground = random.uniform(-0.5, 0.5) * x + random.uniform(-0.5, 0.5) * y
        shape = random.uniform(0.8, 2) * (shapes(u, v)[kind] - 0.5)
        picture[0] = shape + ground + random.normal(0, 0.25, (SIDE, SIDE))
    return torch.from_numpy(pictures), torch.from_numpy(kinds)


training, answers = drawn(1000, seed=1)
test, test_answers = drawn(1000, seed=2)
figure, grid = plt.subplots(6, 5, figsize=(5.6, 5.8))
for kind, name in enumerate(NAMES):
    top, column = 3 * (kind // 5), kind % 5
    grid[top, column].set_title(name)
    for axes, index in zip(
        grid[top : top + 3, column], (answers == kind).nonzero()[:3, 0], strict=True
    ):
        axes.imshow(training[index, 0], vmin=-1.5, vmax=1.5)
        axes.axis("off")
show(figure, "Three noisy little pictures of each of ten shapes, from disc to propeller.", gap=0.3)

# %% [markdown]
# ## A small AlexNet
#
# Three convolutions, two fully connected layers, and a switch for each idea.
#
# In response normalisation the paper's *α* is 0.0001, for pixels of 0 to 255. Ours are about a hundred times smaller. The squares are ten thousand times smaller, so *α* = 1 does the same to them.


# %%
class ResponseNorm(nn.Module):
    """x / (k + alpha * sum of 5 neighbouring maps' squares) ** 0.75, with k = 2 and alpha = 1."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        place = torch.arange(maps)
        near = (place[:, None] - place).abs() <= 2
        self.register_buffer("near", near.float())

    def forward(self, x):
        sums = (self.near @ x.square().flatten(2)).view_as(x)
        root = (2 + sums).rsqrt()
        return x * root * root.sqrt()


def network(seed: int, switch=nn.ReLU, norm=True, overlap=True, dropout=0.5) -> nn.Sequential:
    """A network with random starting weights that belong to ``seed``."""
    torch.manual_seed(seed)

    def pool() -> nn.Module:
        return nn.MaxPool2d(3 if overlap else 2, 2, ceil_mode=True)  # both halve the sides

    layers = nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2),
        switch(),
        ResponseNorm(8) if norm else nn.Identity(),
        pool(),
        nn.Conv2d(8, 16, 3, padding=1),
        switch(),
        ResponseNorm(16) if norm else nn.Identity(),
        pool(),
        nn.Conv2d(16, 16, 3, padding=1),
        switch(),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 256),
        switch(),
        nn.Dropout(dropout),
        nn.Linear(256, len(NAMES)),
    )
    for layer in layers:
        if hasattr(layer, "weight"):  # starting weights in proportion to the size of the layer
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
    return layers


parameters = sum(p.numel() for p in network(0).parameters())
say(f"Each network has {parameters:,} parameters.")

# %% [markdown]
# ## The loop
#
# Take 32 pictures. See what the network says, and how wrong it is (the *loss*). Work out, for every weight, which way would make it less wrong (the *gradient*). Go a small step that way. Repeat.
#
# Momentum and weight decay are those of the paper. The learning rate drops to a tenth for the last quarter.


# %%
def error(net: nn.Module, pictures: torch.Tensor, right: torch.Tensor) -> float:
    """Share of pictures named wrongly, in per cent, with dropout switched off."""
    net.eval()
    with torch.inference_mode():
        wrong = net(pictures).argmax(1) != right
    net.train()
    return 100 * wrong.float().mean().item()


def train(net, pictures, right, rate, steps, watch=0):
    """Train ``net``; with ``watch``, return the training error every so many steps."""
    optimiser = torch.optim.SGD(net.parameters(), rate, momentum=0.9, weight_decay=5e-4, fused=True)
    history, waiting = [], torch.empty(0, dtype=torch.long)
    for step in range(1, steps + 1):
        if len(waiting) < 32:
            waiting = torch.randperm(len(pictures))
        chosen, waiting = waiting[:32], waiting[32:]
        if not watch and step == steps * 3 // 4:
            optimiser.param_groups[0]["lr"] = rate / 10
        loss = F.cross_entropy(net(pictures[chosen]), right[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if watch and step % watch == 0:
            history.append(error(net, pictures[:400], right[:400]))
    return history


# %% [markdown]
# ## ReLU against tanh
#
# The paper's first idea is the simple switch max(0, *x*), where older networks had the smooth tanh. Its figure 1 shows how long a network with four layers takes to get down to 25 % error on its own training pictures (CIFAR-10). With ReLU it got there six times faster. No dropout or other help was used, and each of the two had the learning rate that suits it best.
#
# We do the same: three learning rates each, three random starts, and the best rate counts.

# %% tags=["trained"]
STEPS, EVERY, GOAL = 160, 10, 25
RATES, STARTS = (0.01, 0.02, 0.04), (0, 1, 2)


def race(switch, rate: float) -> np.ndarray:
    """Training error every `EVERY` steps, one row a random start."""
    rows = []
    for seed in STARTS:
        net = network(seed, switch, norm=False, dropout=0)
        rows.append(train(net, training, answers, rate, STEPS, watch=EVERY))
    return np.array(rows)


def steps_needed(curves: np.ndarray) -> np.ndarray:
    """Steps to the goal for each start; those that never get there count as `STEPS`."""
    return (
        np.array([next((i + 1 for i, e in enumerate(c) if e <= GOAL), len(c)) for c in curves])
        * EVERY
    )


best = {}
for name, switch in (("ReLU", nn.ReLU), ("tanh", nn.Tanh)):
    tried = {rate: race(switch, rate) for rate in RATES}
    rate = min(tried, key=lambda r: steps_needed(tried[r]).mean())
    best[name] = tried[rate]
    print(f"{name}: best rate {rate}, steps to {GOAL} % error:", *steps_needed(tried[rate]))

figure, axes = plt.subplots(figsize=(5.6, 3.2))
for (name, curves), colour, line in zip(
    best.items(), (lesson.DEEP, lesson.BLUE), ("-", "--"), strict=True
):
    when = np.arange(EVERY, STEPS + 1, EVERY)
    axes.plot(when, curves.mean(0), line, color=colour, label=name)
    axes.fill_between(when, curves.min(0), curves.max(0), color=colour, alpha=0.2, linewidth=0)
axes.axhline(GOAL, color="black", linewidth=0.8)
axes.set_ylim(0)
axes.set_xlabel("steps of 32 pictures")
axes.set_ylabel("training error, per cent")
axes.legend(frameon=False)
show(
    figure,
    "Training error over steps for ReLU and for tanh, each with the range of three starts, and a "
    "line at 25 per cent.",
)
ratios = steps_needed(best["tanh"]) / steps_needed(best["ReLU"])
say(
    f"In the toy, tanh needed **{ratios.mean():.1f} times** as many steps as ReLU ({ratios.min():.1f} "
    f"to {ratios.max():.1f} over {len(STARTS)} starts). The paper reports six times"
    f"{cite('krizhevsky2012', at='section 3.1 and figure 1')}. So the toy does not show the "
    "paper's effect."
)
assert ratios.mean() < 3  # else the last sentence is wrong

# %% [markdown]
# What does that tell? Not that the paper is wrong. The paper's own caption says that the size of the effect varies with the network. Tanh is slow where its units *saturate*: far from zero it is flat, and no gradient comes through. Here the networks are shallow, the task is easy, and the starting weights are scaled to the layers, which keeps units out of the flat parts.
#
# While we wrote this lesson we tried other pictures and starting weights as well. In none of them did ReLU lead clearly. We did not go on until one did: whoever tries enough settings will find any result.
#
# ## Dropout, normalisation, overlap
#
# Now the other three. Dropout is meant for networks that have many parameters and few pictures: it silences half of the hidden units at random, so that none can rely on another. So we give the networks only 200 pictures to learn from, and 1000 fresh ones judge them.
#
# Each idea can be on or off, which makes eight networks. We train all eight, from three random starts each. That way every idea is judged by twelve *pairs* of runs: same start, same other ideas, and only this one differs. Statisticians call it a factorial design, and it gets the most out of few runs.

# %% tags=["trained"]
from itertools import product

IDEAS = {
    "dropout": ("dropout", (0, 0.5)),
    "normalisation": ("norm", (False, True)),
    "overlap": ("overlap", (False, True)),
}
SEEDS, FEW = (0, 1, 2), 200
few, few_answers = training[:FEW], answers[:FEW]
errors = np.empty((2, 2, 2, len(SEEDS)))  # off or on for each idea, then the start
print("dropout  normalisation  overlap   test error, % (range)   training error, %")
for chosen in product((0, 1), repeat=3):
    switches = {
        word: choices[on] for (word, choices), on in zip(IDEAS.values(), chosen, strict=True)
    }
    learned = []
    for place, seed in enumerate(SEEDS):
        net = network(seed, **switches)
        train(net, few, few_answers, rate=0.015, steps=450)
        errors[(*chosen, place)] = error(net, test, test_answers)
        learned.append(error(net, few, few_answers))
    found = errors[chosen]
    signs = "   ".join(f"{'on' if on else '-':>9}" for on in chosen)
    print(
        f"{signs}    {found.mean():6.1f} ({found.min():.1f} to {found.max():.1f})"
        f"{np.mean(learned):14.1f}"
    )

# %% [markdown]
# Look at the last column first. With so few pictures, most networks learn them by heart: (nearly) no training error is left, while about every third fresh picture is named wrongly. That gap is *overfitting*.
#
# ### Is the difference real?
#
# For each idea we take the twelve differences, on less off, and their mean. Around it we put an interval that would hold the true difference in 19 of 20 such experiments. Below zero means fewer mistakes.

# %% tags=["trained"]
T = 2.201  # Student's t for twelve pairs, 95 %
rows = lesson.tables()["experiments"]["paper_matches"]
points = {row["id"]: row["published_top1"] for row in rows}
paper = {
    "dropout": "much less overfitting",
    "normalisation": f"{points['response-norm']} points better",
    "overlap": f"{points['pooling']} points better",
}
scatter = {}
figure, axes = plt.subplots(figsize=(5.6, 2.8))
print("switched on      here, points            so it   in the paper")
for place, (name, words) in enumerate(paper.items()):
    pairs = (errors.take(1, place) - errors.take(0, place)).flatten()
    scatter[name] = pairs.std(ddof=1)
    middle, half = pairs.mean(), T * scatter[name] / np.sqrt(len(pairs))
    verdict = "hurts" if middle > half else "helps" if middle < -half else "open"
    print(
        f"{name:15} {middle:+5.1f} ({middle - half:+5.1f} to {middle + half:+5.1f})   {verdict:6}  {words}"
    )
    axes.plot(pairs, np.full(len(pairs), place), "o", color=lesson.HAND, alpha=0.7)
    axes.errorbar(middle, place + 0.28, xerr=half, fmt="D", color=lesson.DEEP, capsize=4)
axes.axvline(0, color="black", linewidth=0.8)
axes.set_yticks(range(len(paper)), paper)
axes.set_ylim(-0.4, len(paper) - 0.4)
axes.invert_yaxis()
axes.set_xlabel("points of test error, on less off\n(dots: pairs; diamond: mean and interval)")
show(
    figure,
    "Three rows of twelve dots, the difference that each idea made in each pair of runs, scattered "
    "over several points, and their mean with its interval.",
)
say(
    "The paper's figures are errors at the first guess on photographs"
    f"{cite('krizhevsky2012', at='sections 3.3, 3.4 and 4.2')}. Where our interval holds zero, the toy "
    "cannot tell, whatever its mean."
)

# %% [markdown]
# Read the table with care. Where an idea hurts here, that does not contradict the paper: its authors chose the constants of the normalisation on their own validation pictures, and we only rescaled them. Where an idea does more than in the paper, remember the noise in these pictures, and how few there are. An interval on one side of zero says that the idea made a difference *in this toy*, with these pictures and this learning rate. The twelve pairs share their pictures and starts, so they are not quite twelve independent trials. And of twenty such intervals one misleads by luck alone.
#
# ## How many runs for half a point?
#
# The gains that the paper reports for normalisation and overlap are small beside the scatter between our pairs. With *n* pairs, the error of the mean shrinks with √*n*. So we can say how many pairs it would take to see gains of the paper's size at two standard errors.

# %% tags=["trained"]
for name, gain in (("normalisation", "response-norm"), ("overlap", "pooling")):
    needed = np.ceil((2 * scatter[name] / points[gain]) ** 2)
    print(f"{name:14} a gain of {points[gain]} points: about {needed:.0f} pairs of runs")
say(
    "In 2012 each of these comparisons rested on one pair of runs, and each run took days. A large "
    "network on a million pictures should scatter less than a toy, but the lab notes of 2012 do not "
    f"say how much less{cite('alexnetsource')}. [The contest in numbers](contest-in-numbers.ipynb) "
    "weighs those gains."
)

# %% [markdown]
# ## Exercises
#
# 1. Train the eight networks for 600 steps instead of 450. What becomes of dropout? Then let them learn from all 1000 pictures.
# 2. Put two more convolutions into the network, and start with `nn.init.normal_(layer.weight, std=0.01)`, as the paper did. Who wins the race now, ReLU or tanh, and does either get off the ground?
# 3. Give every network its own best learning rate before you compare. Which is fairer: the same rate for all, or the best for each?
#
# <details><summary>Answers</summary>
#
# 1. When we did, dropout came out better with 600 steps: its whole interval lay below zero. It slows learning, and the paper says that it needed about twice as many steps. So a comparison that stops early is unfair to it. With more pictures there is less to learn by heart, and less for dropout to do.
# 2. See what comes out, over several starts. With weights that small, hardly any signal reaches the last layer of a small network. In the paper, biases of 1 helped the ReLUs over the start.
# 3. Both are done. The same rate may suit one variant better by chance; the best rate for each costs many more runs, and must be chosen on other pictures than those that judge.
#
# </details>
#
# **Next:** [make a trained network small](shrink-it.ipynb).
#
# ## Sources

# %%
lesson.sources()
