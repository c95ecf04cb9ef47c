# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Build it from the paper
#
# In this lesson you write the network of 2012 in PyTorch, one layer at a time, and count everything in it. It takes about 20 minutes.
#
# **You will learn**
#
# - what each of the eight layers does to the shape of its input
# - where the 61 million parameters sit, and where the work is done
# - how much of the picture one unit can see (its *receptive field*)
# - why the paper says 224 when the sums only work with 227
#
# You need to know what a convolution is. If you do not, read [What is AlexNet?](../story/what-is-alexnet.md) first.

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
import torch
from lesson import plt, say, show
from torch import nn

_ = torch.manual_seed(2012)

# %% [markdown]
# ## The first convolution, and the 224 puzzle
#
# The paper's first layer has 96 filters of 11 × 11 pixels, which move four pixels at a time. How many places does such a filter visit across a picture? The usual rule: take the picture's width, subtract the filter's, divide by the step, round *down*, add one.


# %%
def places(width: int, kernel: int, stride: int, up: bool = False) -> int:
    """Positions of a window along one side, in the usual rule or rounded up."""
    steps = width - kernel
    return (-(-steps // stride) if up else steps // stride) + 1


for width, up in ((224, False), (227, False), (224, True)):
    print(f"{width} pixels, rounded {'up  ' if up else 'down'}: {places(width, 11, 4, up)} places")

# %% [markdown]
# The paper gives 224 pixels, and its first layer has 55 × 55 places. With the usual rule this needs 227 pixels, so many readers took 224 for a slip. The released code of 2012 rounds **up**: the last window hangs over the edge by three pixels and reads zeros there. Both numbers are right.
#
# In PyTorch we add those three columns and rows of zeros ourselves.

# %%
picture = torch.randn(1, 3, 224, 224)
overhang = nn.ZeroPad2d((0, 3, 0, 3))
conv1 = nn.Conv2d(3, 96, kernel_size=11, stride=4)
print(tuple(conv1(overhang(picture)).shape))

# %% [markdown]
# ## Response normalisation
#
# Each unit is divided by a number that grows when its neighbours, the same place in five neighbouring maps, are active too. Strong units calm the ones beside them. The paper's constants are *k* = 2, *n* = 5, *α* = 0.0001 and *β* = 0.75.


# %%
class ResponseNorm(nn.Module):
    """x / (k + alpha * mean of 5 neighbouring maps' squares) ** beta, inside each of two towers."""

    def forward(self, x):
        n, maps, height, width = x.shape
        squares = x.square().reshape(n * 2, 1, maps // 2, height * width)
        sums = nn.functional.avg_pool2d(squares, (5, 1), stride=1, padding=(2, 0))
        return x / (2 + 1e-4 * sums.reshape(x.shape)) ** 0.75


class NormInsideMaps(nn.Module):
    """A second norm, over 5 x 5 places of one map. It stands in the code and in no publication."""

    def forward(self, x):
        return x / (1 + 1e-3 * nn.functional.avg_pool2d(x.square(), 5, 1, 2)) ** 0.75


# %% [markdown]
# ## All of it
#
# Two graphics cards held half of the filters each. In most layers a filter sees only the maps of its own card. PyTorch calls that `groups=2`. Only the third convolution, and the fully connected layers, look at both halves.
#
# The order in the first stage (norm, then pool, then ReLU) follows the released code. The paper describes another order.

# %%
network = nn.Sequential(
    overhang,
    conv1,
    ResponseNorm(),
    nn.MaxPool2d(3, 2),  # windows of 3, two apart: they overlap
    nn.ReLU(),
    nn.Conv2d(96, 256, 5, padding=2, groups=2),
    nn.ReLU(),
    ResponseNorm(),
    NormInsideMaps(),
    nn.MaxPool2d(3, 2),
    nn.Conv2d(256, 384, 3, padding=1),  # sees both towers
    nn.ReLU(),
    nn.Conv2d(384, 384, 3, padding=1, groups=2),
    nn.ReLU(),
    nn.Conv2d(384, 256, 3, padding=1, groups=2),
    nn.ReLU(),
    nn.MaxPool2d(3, 2),
    nn.Flatten(),
    nn.Linear(256 * 6 * 6, 4096),
    nn.ReLU(),
    nn.Dropout(0.5),
    nn.Linear(4096, 4096),
    nn.ReLU(),
    nn.Dropout(0.5),
    nn.Linear(4096, 1000),
).eval()

# %% [markdown]
# ## Follow one picture through
#
# We send a picture through and note, for every layer, the shape that comes out, the number of parameters, and the number of *multiply-adds*: one multiplication and one addition, the basic step of the work.
#
# The **receptive field** is how many pixels of the picture, side by side, one unit of the layer depends on. It follows from two rules. A window of *k* widens the field by *k* − 1 steps. A stride multiplies the size of a step.

# %%
rows, x, field, step = [], picture, 1, 1
with torch.inference_mode():
    for layer in network:
        x = layer(x)
        window = getattr(layer, "kernel_size", None)
        if window is not None:
            window = window if isinstance(window, int) else window[0]
            stride = layer.stride if isinstance(layer.stride, int) else layer.stride[0]
            field, step = field + (window - 1) * step, step * stride
        elif isinstance(layer, NormInsideMaps):
            field += (5 - 1) * step
        parameters = sum(p.numel() for p in layer.parameters())
        each = layer.weight[0].numel() if parameters else 0
        name = type(layer).__name__
        rows.append((name, tuple(x.shape[1:]), parameters, x.numel() * each, field))
        seen = "all" if name in ("Flatten", "Linear") or x.dim() == 2 else f"{field}"
        print(
            f"{name:15} {' x '.join(map(str, x.shape[1:])):15} {parameters:11,} parameters "
            f"{x.numel() * each:12,} multiply-adds  sees {seen}"
        )

# %%
total = sum(row[2] for row in rows)
work = sum(row[3] for row in rows)
say(f"Together: **{total:,} parameters** and **{work:,} multiply-adds** for one picture.")

# %% [markdown]
# The receptive fields above count the hanging edge and both norms' neighbours within a map. The paper's own text gives no such table.
#
# ## Where it sits, where it works

# %%
heavy = [row for row in rows if row[2]]
names = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
colours = [lesson.DEEP] * 5 + [lesson.HAND] * 3
figure, (left, right) = plt.subplots(1, 2, figsize=(5.6, 3))
lesson.bars(left, names, [row[2] / 1e6 for row in heavy], colours)
left.set_title("Parameters, millions")
lesson.bars(right, names, [row[3] / 1e6 for row in heavy], colours)
right.set_title("Multiply-adds, millions")
show(
    figure,
    "Two bar charts over the eight layers: nearly all parameters are in the three fully connected "
    "layers, nearly all multiply-adds in the five convolutions.",
)
share_memory = sum(row[2] for row in heavy[5:]) / total
share_work = sum(row[3] for row in heavy[:5]) / work
say(
    f"The three fully connected layers hold **{share_memory:.0%}** of the parameters. The five "
    f"convolutions do **{share_work:.0%}** of the work. Memory and arithmetic sit in different "
    "places, and a graphics card has to supply both."
)

# %% [markdown]
# ## Check it against the exporter's network
#
# The project's exporter has its own definition of the 2012 network, tested against an independent computation. If ours is right, both give the same numbers from the same weights.

# %%
from model_export.architectures import AlexNet2012

theirs = AlexNet2012().eval()
with torch.no_grad():
    for ours, other in zip(network.parameters(), theirs.parameters(), strict=True):
        other.copy_(ours)
with torch.inference_mode():
    difference = (network(picture) - theirs(picture)).abs().max().item()
    scale = theirs(picture).abs().max().item()
agree = sum(p.numel() for p in theirs.parameters()) == total
assert agree
assert difference < 1e-5 * scale
say("Same number of parameters, and the same 1000 logits to within rounding. It is built.")

# %% [markdown]
# ## Exercises
#
# 1. Remove every `groups=2`. How many parameters does the network have now, and which layers grew?
# 2. Replace the pooling windows of 3 by windows of 2, still two apart, so that they no longer overlap. What changes in the shapes?
# 3. How much memory do the parameters take in 32-bit numbers? Could one card of 2012, with 3 GB, hold them? What else needs memory while training?
#
# <details><summary>Answers</summary>
#
# 1. conv2, conv4 and conv5 double their filters' depth: 307,200 + 663,552 + 442,368 weights are added, 62,378,344 parameters in all.
# 2. 55 becomes 27 as before, 27 becomes 13, and 13 becomes 6: the shapes stay. Each unit sees a little less, and the paper measured a slightly higher error.
# 3. About 244 MB, so they would fit many times over. Training also keeps gradients, momentum and the activations of every picture of a batch. [The GPU shift](../story/gpu-shift.md) has the ledger.
#
# </details>
#
# **Next:** [look inside](what-layers-see.ipynb) a network that was trained.
