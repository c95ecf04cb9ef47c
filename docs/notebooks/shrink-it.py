# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Export and shrink
#
# In this lesson you write the network as one ONNX file, make it five times smaller, and find out what that costs. It takes about 15 minutes.
#
# **You will learn**
#
# - what stays and what goes when a network is exported
# - how a number of 32 bits becomes one of 16, 8 or 4
# - why a smaller file can still give the same answers
# - the three steps of *deep compression*, tried on our own weights

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
import tempfile
from pathlib import Path

import lesson
import numpy as np
import onnxruntime
from lesson import cite, fact, plt, say, show
from PIL import Image, ImageEnhance, ImageOps
from safetensors.numpy import load_file

from model_export import export
from model_export.contract.preprocessing import preprocess
from model_export.networks import ALEXNET64

folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## Four forms of one network
#
# The exporter runs PyTorch's network and the written file on the same pictures and compares them. Only a file that agrees is written. We ask for four precisions.

# %%
forms = {}
for precision in ("fp32", "fp16", "int8", "int4"):
    forms[precision] = export(folder / f"{precision}.onnx", precision=precision)
    print(f"{precision}: {forms[precision].size / 1e6:5.1f} MB")

# %% [markdown]
# - **fp32** keeps every number in 32 bits, as it was trained.
# - **fp16** stores them in 16 bits: fewer digits, half the size.
# - **int8** stores whole numbers of −127 to 127, and a scale for each filter: the weight is the whole number times the scale.
# - **int4** does the same with whole numbers of −8 to 7 in the fully connected layers, and a scale for each 32 of them.
#
# ## What it costs
#
# A file is only worth what its answers are worth. We take the sample pictures, and six altered copies of each, and ask how often a small file names the same class as the large one.

# %%
ALTERED = (
    lambda image: image,
    ImageOps.mirror,
    lambda image: image.crop((0, 0, image.width * 4 // 5, image.height * 4 // 5)),
    lambda image: image.crop((image.width // 5, image.height // 5, image.width, image.height)),
    lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    lambda image: ImageEnhance.Color(image).enhance(0.3),
    lambda image: image.rotate(10, Image.Resampling.BILINEAR),
)
originals = [Image.open(file).convert("RGB") for file in sorted(lesson.SAMPLES.glob("*.jpg"))]
pictures = np.stack(
    [preprocess(change(image), ALEXNET64.input) for image in originals for change in ALTERED]
)


def answers(file) -> np.ndarray:
    """Logits of all pictures, (n, 200), on the processor."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"image": pictures})[0]


logits = {name: answers(report.file) for name, report in forms.items()}
best = {name: values.argmax(1) for name, values in logits.items()}
agree = {name: float((found == best["fp32"]).mean()) for name, found in best.items()}
figure, (left, right) = plt.subplots(1, 2, figsize=(5.6, 2.4))
lesson.bars(left, list(forms), [report.size / 1e6 for report in forms.values()])
left.set_title("Size of the file, MB")
lesson.bars(right, list(forms), [100 * share for share in agree.values()], lesson.BLUE)
right.set_title("Same best guess, per cent")
right.set_xlim(0, 100)
show(
    figure,
    "Two bar charts over four precisions: the file shrinks to a fifth, while the best guess stays "
    "the same for nearly all pictures.",
)
say(
    f"The int4 file is {forms['fp32'].size / forms['int4'].size:.1f} times smaller than fp32, and "
    f"names the same class for {agree['int4']:.0%} of {len(pictures)} pictures."
)

# %% [markdown]
# Agreement is not accuracy: where the two disagree, either may be right. The project has measured accuracy on the validation pictures of Tiny ImageNet, and time as well. Here is what its results file says. All networks and forms stand on the page [Export it yourself](../reference/export.md).

# %%
measured = lesson.tables()["precisions"]
rows = [row for row in measured["rows"] if row["network"] == "alexnet64"]
print("form                 MB   right at once, %       time against fp32")
for row in rows:
    form = row["precision"] + (f", blocks of {row['block']}" if row["block"] else "")
    right, time = row["top1"], row["time_over_fp32"]
    print(
        f"{form:20} {row['bytes'] / 1e6:4.1f}  {right['percent']:.1f} ({right['low']:.1f} to "
        f"{right['high']:.1f})   {time['median']:5.2f} ({time['low']:.2f} to {time['high']:.2f})"
    )
highest_low = max(row["top1"]["low"] for row in rows)
overlap = all(row["top1"]["high"] > highest_low for row in rows)
say(
    f"The figures in brackets are intervals on {rows[0]['count']:,} pictures"
    + (
        ", and they all overlap: no form can be told from fp32 by its accuracy. "
        if overlap
        else ". "
    )
    + "Time is a ratio, measured in turns one picture at a time, with its quartiles, on "
    f"{measured['measured_with']['cores']} cores. Take it as a hint: a smaller file need not be faster."
)

# %% [markdown]
# ## How rounding works
#
# Here is one row of a fully connected layer, and the 16 steps that four bits allow it.

# %%
weights = load_file(lesson.ROOT / "model_export/weights/alexnet64.safetensors")
matrix = weights["classifier.fc6.weight"].astype(np.float32)
block = matrix[0, :32]
scale = block[np.abs(block).argmax()] / -8
rounded = np.clip(np.rint(block / scale), -8, 7) * scale
figure, axes = plt.subplots(figsize=(5.6, 2.6))
axes.plot(block, "o", label="as trained")
axes.plot(rounded, "_", markersize=12, markeredgewidth=2, color=lesson.BLUE, label="in four bits")
axes.set_xlabel("the first 32 weights of fc6")
axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
show(figure, "Thirty-two weights as dots, and beside each the nearest of sixteen steps.")
error = float(np.linalg.norm(rounded - block) / np.linalg.norm(block))
say(
    f"Rounding moves this block by {error:.0%} of its length. The errors of many weights partly cancel."
)

# %% [markdown]
# ## Deep compression, in small

# %%
say(
    "In 2015, Song Han, Huizi Mao and William Dally described how to shrink a network"
    f"{cite('han2015')}. Their demonstration takes AlexNet from {fact('compressed_from')} to "
    f"{fact('compressed_to')}, and by their own measurements its answers stay as good{cite('han-demo')}. "
    "There are three steps: **prune** the weights near zero, **share** "
    "values among the rest, and **code** the frequent ones in fewer bits."
)

# %% [markdown]
# They trained the network again in between. We do not, so ours must lose sooner.
#
# First step: which share of fc6 can we set to zero before answers change? We compute the layer's output for random inputs of the kind it gets, and see how much is lost.

# %%
draw = np.random.default_rng(0)
inputs = np.maximum(draw.normal(size=(200, matrix.shape[1])), 0).astype(np.float32)
wanted = inputs @ matrix.T
shares = np.arange(0, 100, 10)
losses = []
for share in shares:
    kept = np.where(np.abs(matrix) >= np.percentile(np.abs(matrix), share), matrix, 0)
    losses.append(float(np.linalg.norm(inputs @ kept.T - wanted) / np.linalg.norm(wanted)))
figure, axes = plt.subplots(figsize=(5.6, 2.8))
axes.plot(shares, [100 * loss for loss in losses], "o-")
axes.set_xlabel("smallest weights set to zero, per cent")
axes.set_ylabel("change of the output, %")
show(
    figure,
    "A curve: the layer's output hardly changes until half of the weights are zero, then fast.",
)
half = losses[list(shares).index(50)]
say(f"With the smaller half of the weights at zero, the output changes by {half:.0%}.")

# %% [markdown]
# Second and third step: sixteen shared values need four bits each, and a code that gives short words to frequent values needs fewer still. How many bits is a matter of **entropy**: how unevenly the values are spread.

# %%
kept = np.where(np.abs(matrix) >= np.percentile(np.abs(matrix), 50), matrix, 0)
centres = np.linspace(kept.min(), kept.max(), 16)
values = kept[kept != 0]
for _ in range(10):  # k-means in one dimension: the nearest centre lies between two midpoints
    nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, values)
    centres = np.array(
        [values[nearest == i].mean() if (nearest == i).any() else c for i, c in enumerate(centres)]
    )
shares = np.bincount(nearest, minlength=16) / matrix.size
shares = np.append(shares, 1 - shares.sum())  # the zeros
bits = float(-(shares[shares > 0] * np.log2(shares[shares > 0])).sum())
say(
    f"Pruned by half and shared among 16 values and zero, fc6 needs about **{bits:.1f} bits** a "
    f"weight with an ideal code, against 32 as trained: {32 / bits:.0f} times less."
)

# %% [markdown]
# ## Exercises
#
# 1. Export `int4` with `block=128`. How much smaller is the file, and does the agreement change?
# 2. Why does fp16 change the answers less than one might fear? Look at how the bundled weights are stored.
# 3. Prune conv1 instead of fc6. Which of the two bears more pruning, and why?
#
# <details><summary>Answers</summary>
#
# 1. A few hundredths smaller: only a quarter as many scales are stored, and scales are a small part of the file. Compare the agreement yourself.
# 2. The weights are shipped in 16 bits already, so nothing is lost. That is told by the relative distance in the file's card, which is zero.
# 3. fc6 bears more. conv1 has few weights, and each of them is used at every place of the picture.
#
# </details>
#
# **Next:** [the contest](contest-in-numbers.ipynb) that made all this famous, in numbers.
#
# ## Sources

# %%
lesson.sources()
