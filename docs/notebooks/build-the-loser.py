# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Build the loser
#
# In this lesson you write the method that lost to AlexNet, in 60 lines of NumPy: gradient histograms, a codebook, Fisher vectors, a linear classifier. It takes about 25 minutes.
#
# **You will learn**
#
# - how people described a picture before networks learned to
# - what a *codebook* is, and how a picture pulls at it
# - what a method of 2012 looked like inside
# - what the method cannot do, however large you make it
#
# At least half of the entries that AlexNet beat name such vectors. [The ladder](../ladder.md) runs a larger version beside AlexNet in your browser.

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
from lesson import cite, plt, say, show
from PIL import Image

rng = np.random.default_rng(0)

# %% [markdown]
# ## A task that fits in a lesson
#
# We have a few sample pictures. Their left halves teach, and their right halves test: which picture does this piece come from? No pixel is in both. So it does not help to remember where things were; a method has to know what the picture is *like*.

# %%
files = sorted(lesson.SAMPLES.glob("*.jpg"))
photos = np.stack(
    [np.asarray(Image.open(file).convert("L").resize((192, 144)), float) / 255 for file in files]
)


def pieces(halves: np.ndarray, each: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Pieces of 64x64 from random places, and the number of the picture of each."""
    found = []
    for half in halves:
        for _ in range(each):
            top, left = (rng.integers(0, side - 63) for side in half.shape)
            found.append(half[top : top + 64, left : left + 64])
    return np.stack(found), np.repeat(np.arange(len(halves)), each)


teach, truth = pieces(photos[:, :, :96])
test, test_truth = pieces(photos[:, :, 96:])
print(len(files), "pictures,", len(teach), "pieces teach,", len(test), "pieces test")
print(f"chance: {1 / len(files):.1%}")

# %% [markdown]
# ## A linear classifier, and pixels
#
# All methods of this lesson end in the same way: a weight for every number and every class. We let ridge regression find the weights, because it needs four lines. First we give it plain pixels, 16 × 16 of them.


# %%
def score(x: np.ndarray, y: np.ndarray) -> float:
    """Learn from the rows of x; the share of the rows of y that are named rightly."""
    centre, wanted = x.mean(0), np.eye(len(files))[truth] - 1 / len(files)
    alike = (x - centre) @ (x - centre).T
    pull = np.linalg.solve(alike + np.trace(alike) / len(x) * np.eye(len(x)), wanted)
    return float(((y - centre) @ (x - centre).T @ pull).argmax(1).__eq__(test_truth).mean())


def small(images: np.ndarray) -> np.ndarray:
    return images.reshape(-1, 16, 4, 16, 4).mean((2, 4)).reshape(len(images), -1)


scores = {"pixels": score(small(teach), small(test))}
print(f"pixels: {scores['pixels']:.0%} right")

# %% [markdown]
# ## Step 1: histograms of gradients
#
# Where does the picture get brighter, and in which direction? For every pixel we find the direction, and sort it into eight bins. A cell of 4 × 4 pixels adds up its bins, and 4 × 4 cells make a patch: 128 numbers that say how its edges run. They hardly change when the light does. This is the idea of SIFT, which David Lowe published in full in 2004.


# %%
def describe(images: np.ndarray) -> np.ndarray:
    """Overlapping patches, (pieces, 169, 128)."""
    down, across = np.gradient(images, axis=(1, 2))
    length = np.hypot(down, across)
    angle = np.arctan2(down, across) * 8 / (2 * np.pi)
    low = np.floor(angle)
    share, low = angle - low, low.astype(int) % 8
    bins = np.zeros((*images.shape, 8))
    np.put_along_axis(bins, low[..., None], (length * (1 - share))[..., None], 3)
    np.put_along_axis(bins, (low[..., None] + 1) % 8, (length * share)[..., None], 3)
    cells = bins.reshape(-1, 16, 4, 16, 4, 8).mean((2, 4))
    corners = [(i, j) for i in range(13) for j in range(13)]
    patches = np.stack(
        [cells[:, i : i + 4, j : j + 4].reshape(len(images), -1) for i, j in corners], 1
    )
    patches /= np.linalg.norm(patches, axis=2, keepdims=True) + 0.01
    patches = np.minimum(patches, 0.2)  # one strong edge must not drown the rest
    return patches / (np.linalg.norm(patches, axis=2, keepdims=True) + 0.01)


patches, test_patches = describe(teach), describe(test)
print(patches.shape)

# %%
one = int(np.flatnonzero(truth == [file.stem for file in files].index("lighthouse"))[0])
figure, (left, right) = plt.subplots(1, 2, figsize=(5.6, 2.8))
left.imshow(teach[one])
right.imshow(np.zeros((64, 64)), extent=(0, 16, 16, 0))
cells = patches[one].reshape(13, 13, 4, 4, 8)[::4, ::4]
for (i, j, k, m, direction), strength in np.ndenumerate(cells):
    angle = direction * np.pi / 4 + np.pi / 2  # along the edge
    step = 1.5 * strength * np.array([np.cos(angle), np.sin(angle)])
    x, y = 4 * j + m + 0.5, 4 * i + k + 0.5
    right.plot([x - step[0], x + step[0]], [y - step[1], y + step[1]], color="white", lw=1)
for axes in (left, right):
    axes.set_axis_off()
show(
    figure,
    "Left a piece of the lighthouse picture, right its gradient histograms as short strokes that "
    "follow the edges of the piece.",
)

# %% [markdown]
# ## Step 2: a codebook
#
# Every piece now has 169 patches. Which kinds of patch are there? We ask a mixture of Gaussians. Each of its *words* is a typical patch with a spread. Expectation and maximisation find them, in turn: which word answers for which patch, and then what each word looks like. Before that, the 128 numbers are reduced to their 24 main axes.


# %%
def share(q: np.ndarray, words: tuple) -> np.ndarray:
    """How far each word answers for each patch; the shares of a patch add up to 1."""
    weight, mean, spread = words
    log = np.log(weight) - 0.5 * (
        q**2 @ (1 / spread).T
        - 2 * q @ (mean / spread).T
        + (mean**2 / spread + np.log(spread)).sum(1)
    )
    found = np.exp(log - log.max(-1, keepdims=True))
    return found / found.sum(-1, keepdims=True)


some = patches.reshape(-1, 128)
some = some[rng.permutation(len(some))[:20_000]]
centre, axes = some.mean(0), np.linalg.eigh(np.cov(some.T))[1][:, -24:]
q = (some - centre) @ axes
words = np.full(16, 1 / 16), q[:16].copy(), np.tile(q.var(0), (16, 1))
for _ in range(15):
    found = share(q, words)
    count = found.sum(0) + 1e-9
    mean = (found.T @ q) / count[:, None]
    spread = (found.T @ q**2) / count[:, None] - mean**2 + 1e-6
    words = count / count.sum(), mean, spread


def word_shares(patches: np.ndarray) -> np.ndarray:
    """How often each word occurs in a piece: a bag of words."""
    return share((patches - centre) @ axes, words).mean(1)


scores["bag of words"] = score(word_shares(patches), word_shares(test_patches))
print(f"bag of words, {len(words[0])} numbers: {scores['bag of words']:.0%} right")

# %% [markdown]
# ## Step 3: the Fisher vector
#
# A bag of words counts and forgets the rest. A *Fisher vector* asks more: if these patches could move the codebook, where would they pull each word, and would they widen or narrow it? That gives two numbers for each word and each axis. The square root keeps a frequent pattern from shouting down all others, and each vector is brought to length one. Vectors of this kind, pressed into less memory, had won the contest the year before.


# %%
def fisher(patches: np.ndarray) -> np.ndarray:
    weight, mean, spread = words
    q = (patches - centre) @ axes
    part = share(q, words).swapaxes(1, 2) / q.shape[1]
    zeroth, first, second = part.sum(2)[..., None], part @ q, part @ q**2
    pull = (first - zeroth * mean) / np.sqrt(weight[:, None] * spread)
    widen = second - 2 * first * mean + zeroth * (mean**2 - spread)
    widen /= spread * np.sqrt(2 * weight[:, None])
    found = np.concatenate([pull, widen], 2).reshape(len(patches), -1)
    found = np.sign(found) * np.sqrt(np.abs(found))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


scores["Fisher vector"] = score(fisher(patches), fisher(test_patches))
figure, plot = plt.subplots(figsize=(5.6, 1.8))
lesson.bars(plot, list(scores), [100 * value for value in scores.values()], lesson.HAND)
plot.axvline(100 / len(files), color="black", linewidth=1)
plot.set_xlabel("pieces named rightly, per cent; the line is chance")
show(
    figure,
    "Bars of the share of pieces named rightly: pixels lowest, a bag of words higher, and the "
    "Fisher vector clearly highest.",
)
say(
    f"Pixels name **{scores['pixels']:.0%}** rightly, the bag of words "
    f"**{scores['bag of words']:.0%}**, the Fisher vector **{scores['Fisher vector']:.0%}**. The "
    "classifier is the same each time; only the description changed. Oxford calls Fisher vectors "
    f"over dense SIFT and colour statistics its baseline{cite('ilsvrc2012results')}, and the "
    f"description of a patch is Lowe's idea{cite('lowe2004')}."
)

# %% [markdown]
# ## What it cannot do
#
# People designed the histograms, and the codebook never sees a label. Only the last step learns what matters for the task. AlexNet learns all of its steps from the labels. Give both ten times more pictures: the loser tunes one layer of weights better, and the winner all of its layers.

# %%
ladder = lesson.tables()["ladder"]
curve = ladder["curve"]
print(f"{'':15}" + "".join(f"{row['pictures']:>10,}" for row in curve["pixels"]), "pictures")
for name, title in (("pixels", "pixels"), ("fisher", "Fisher vectors"), ("alexnet64", "AlexNet")):
    print(f"{title:15}" + "".join(f"{row['top1']['percent']:8.1f} %" for row in curve[name]))
say(
    f"These are the three rungs of [the ladder](../ladder.md), each taught with ever more small "
    f"pictures and right so often at the first guess. There the second rung has colour, "
    f"{ladder['gaussians']} words and {ladder['numbers']:,} numbers a picture."
)

# %% [markdown]
# ## Exercises
#
# 1. Take the square root out of `fisher`. What do you lose here?
# 2. How many words pay? Try 4, 8, 32 and 64.
# 3. Turn the test pieces by a quarter, with `np.rot90`. Which description suffers most, and why?
#
# <details><summary>Answers</summary>
#
# 1. It depends on the draw: next to nothing with this seed, a few points with others. [The ladder](../ladder.md) has a table of what it gave there.
# 2. More words help on the whole, but not at every doubling: with so few test pieces the draw moves the result by some points. The vector doubles each time.
# 3. The bag of words and the Fisher vector lose about half of what they had: turned edges fall into other bins, so a histogram of gradients knows which way is up. Pixels had little to lose.
#
# </details>
#
# **Next:** what these methods met in October 2012, in [ImageNet 2012: the win](../story/imagenet-2012.md#what-the-others-did).
#
# ## Sources

# %%
lesson.sources()
