# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Why GPUs
#
# In this lesson you turn a convolution into one matrix product, work out how fast a machine could do it at best, and see why two cards made for games were enough in 2012. It takes about 20 minutes. You need no graphics card.
#
# **You will learn**
#
# - how a convolution becomes a matrix product, and what that costs
# - what a *floor* is: the time that no program can beat
# - why some layers wait for arithmetic and others for memory (the *roofline*)
# - what the two cards of 2012 had to hold, and what they had to tell each other
#
# The sizes of the layers and the figures of the cards come from the data files of this site. The small numbers lead to the sources at the end.

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
from datetime import date
from math import prod
from timeit import timeit

import lesson
import numpy as np
import torch
from lesson import cite, fact, plt, say, show, value

layers = lesson.tables()["layers"]
cards = lesson.tables()["gpus"]["rows"]
_ = torch.manual_seed(2012)

# %% [markdown]
# ## A convolution is a matrix product
#
# We take the second convolution of AlexNet, as one of the two cards computed it. It gets 48 maps of 27 × 27 numbers and has 128 filters of 5 × 5 × 48.
#
# A filter multiplies 1200 numbers by 1200 weights and adds up, at each of 27 × 27 places. So write the 1200 numbers under each place as one column of a matrix. Write each filter as one row of another. Then one matrix product does everything. This rewriting is called *im2col*.

# %%
maps = torch.randn(48, 27, 27)
filters = torch.randn(128, 48, 5, 5)


def columns(picture: torch.Tensor, size: int, padding: int) -> torch.Tensor:
    """Every window of size x size of a picture (maps, height, width), each as one column."""
    padded = torch.nn.functional.pad(picture, (padding,) * 4)
    windows = padded.unfold(1, size, 1).unfold(2, size, 1)  # maps, height, width, size, size
    return windows.permute(0, 3, 4, 1, 2).reshape(len(picture) * size * size, -1)


unrolled = columns(maps, 5, 2)
rows = filters.reshape(128, -1)
product = (rows @ unrolled).reshape(128, 27, 27)
wanted = torch.nn.functional.conv2d(maps[None], filters, padding=2)[0]
difference = ((product - wanted).norm() / wanted.norm()).item()
assert difference < 1e-5
print("filters  as a matrix:", *rows.shape)
print("pictures as a matrix:", *unrolled.shape)
say(
    "Our product and PyTorch's own convolution agree to within rounding. The price is memory: most "
    "numbers stand under many places and were copied for each, which makes "
    f"**{unrolled.numel() / maps.numel():.0f} times** as many numbers."
)

# %% [markdown]
# Why go to such lengths? Because a matrix product is the one thing that every maker of processors has tuned for decades. And because of what it shows: there are 128 × 729 sums to work out, **and none of them has to wait for another**.
#
# ## One at a time, or all at once
#
# We compute the same thing in two ways: place after place, as a simple program would, and as one product. Both run on this machine. Timings on a shared machine jump about, so we take turns, look only at how many times faster one is than the other, and give the range of the middle half of all rounds.

# %% tags=["varies"]
ROUNDS = 15


def one_at_a_time() -> torch.Tensor:
    """The same product, a column at a time."""
    return torch.stack([rows @ unrolled[:, place] for place in range(unrolled.shape[1])], 1)


def times_faster(slow, fast) -> np.ndarray:
    """How many times faster ``fast`` is than ``slow``: lower quarter, middle, upper quarter."""
    slow(), fast()  # the first call is always slow, so it does not count
    ratios = [timeit(slow, number=1) / timeit(fast, number=1) for _ in range(ROUNDS)]
    return np.quantile(ratios, (0.25, 0.5, 0.75))


low, middle, high = times_faster(one_at_a_time, lambda: rows @ unrolled)
say(
    f"In this run one product was **{middle:.0f} times** as fast as place after place "
    f"({low:.0f} to {high:.0f} in the middle half of {ROUNDS} rounds, on shared processor cores)."
)

# %% [markdown]
# Same sums, same processor. A part of the difference is Python's own work between the calls. The rest is how often the filters are fetched: place after place, all of them are read 729 times. In one product, a good program reads them once, keeps them close by and uses them for many places.
#
# ## How much work, how much to carry
#
# So two things take time: arithmetic and carrying. For each layer we count both. One multiply-add counts as two operations. What must be carried, at the very least, are the layer's weights, its input and its output, once each.


# %%
def work_and_load(batch: int) -> dict[str, tuple[float, float]]:
    """Operations and bytes of every layer that learns, for a batch of pictures."""
    found, came_in = {}, 0
    for row in layers["rows"]:
        went_out = prod(row["out"])
        if row["params"]:
            width, height, outputs = row["out"]
            weights = row["params"] - outputs  # without the biases
            found[row["layer"]] = (
                2.0 * weights * width * height * batch,
                layers["bytes_per_number"] * (row["params"] + (came_in + went_out) * batch),
            )
        came_in = went_out
    return found


print("        million operations   MB to carry    operations a byte")
print("        for one picture      for one        for one  for 128")
for name, (operations, load) in work_and_load(1).items():
    many, much = work_and_load(128)[name]
    print(
        f"{name:7} {operations / 1e6:13.0f} {load / 1e6:16.1f} {operations / load:14.1f} "
        f"{many / much:8.1f}"
    )
total = sum(operations for operations, _ in work_and_load(1).values())
say(
    f"In all {total / 1e6:,.0f} million operations for one picture"
    f"{cite('krizhevsky2012', 'alexnetsource')}. Look at the last two columns. For a single picture, "
    "the three fully connected layers do half an operation for each byte they fetch: every weight is "
    "used once. With 128 pictures in a batch, each weight is used 128 times."
)

# %% [markdown]
# ## Floors and roofs
#
# A card has two limits: how many operations it does in a second, and how many bytes it can fetch in a second. A layer can finish no sooner than either allows. The larger of the two times is the layer's **floor**.
#
# Turned round, this is the **roofline**. Few operations a byte: the card waits for memory, and its speed grows with the operations a byte. Many: it reaches its peak, the flat roof. The corner is where both limits meet.

# %%
by_id = {card["id"]: card for card in cards}
old, new = by_id["gtx580"], by_id["h200"]


def roof(card: dict, per_byte: np.ndarray) -> np.ndarray:
    """The best speed in operations a second, at so many operations a byte."""
    return np.minimum(card["fp32"] * 1e12, card["bandwidth"] * 1e9 * per_byte)


across = np.geomspace(0.2, 1000, 200)
figure, axes = plt.subplots(figsize=(5.6, 3.8))
for card, colour, line in ((old, lesson.DEEP, "-"), (new, lesson.BLUE, "--")):
    axes.loglog(
        across, roof(card, across) / 1e12, line, color=colour, label=f"roof of {card['name']}"
    )
for batch, fill, words in (
    (1, "none", "a layer, one picture"),
    (128, lesson.DEEP, "a layer, 128 pictures"),
):
    found = {name: o / b for name, (o, b) in work_and_load(batch).items()}
    heights = roof(old, np.array(list(found.values()))) / 1e12
    axes.plot(found.values(), heights, "o", color=lesson.DEEP, markerfacecolor=fill, label=words)
    if batch == 1:
        axes.annotate("fc6, fc7, fc8", (0.5, heights[-1]), (8, -4), textcoords="offset points")
        axes.annotate("conv1 to conv5", (50, heights[0]), (0, -16), textcoords="offset points")
axes.set_xlabel("operations for each byte fetched")
axes.set_ylabel("trillion operations a second")
axes.legend(frameon=False, loc="lower right")
show(
    figure,
    "Two roofs that rise and then run flat, the newer card's far above the older. On the older one "
    "the fully connected layers lie low on the slope for one picture; with 128 pictures all lie flat.",
)
corner = {card["id"]: card["fp32"] * 1e3 / card["bandwidth"] for card in (old, new)}
say(
    f"The corner of the GTX 580 lies at {corner['gtx580']:.0f} operations a byte"
    f"{cite('anandtech2010', 'epoch2025')}, that of the H200 at {corner['h200']:.0f}"
    f"{cite('epoch2025', 'bekman2026')}: arithmetic grew faster than memory. The hollow dots on the "
    "slope are the fully connected layers. That is one reason why networks are trained in batches."
)

# %% [markdown]
# ### See it on your own processor
#
# A processor has a roof too. If fc6 waits for memory, then two pictures should take hardly longer than one, because the weights are fetched once for both. We try batches of up to 64.

# %% tags=["varies"]
fc6 = torch.nn.Linear(9216, 4096, bias=False)
batches = (1, 2, 4, 8, 16, 32, 64)
inputs = {batch: torch.randn(batch, 9216) for batch in batches}
with torch.inference_mode():
    for picture in inputs.values():
        fc6(picture)
    times = np.array(
        [[timeit(lambda b=b: fc6(inputs[b]), number=1) for b in batches] for _ in range(ROUNDS)]
    )
per_picture = times / times[:, :1] / np.array(batches)  # each round against its own first
low, middle, high = np.quantile(per_picture, (0.25, 0.5, 0.75), axis=0)
figure, axes = plt.subplots(figsize=(5.6, 3))
axes.errorbar(range(len(batches)), middle, (middle - low, high - middle), fmt="o-", capsize=3)
axes.set_xticks(range(len(batches)), batches)
axes.set_ylim(0)
axes.set_xlabel("pictures in the batch")
axes.set_ylabel("time a picture,\none picture alone = 1")
show(
    figure,
    "A falling curve with ranges: the larger the batch, the less time fc6 takes for each picture.",
)
say(
    f"With {batches[-1]} pictures in a batch, each took {middle[-1]:.2f} of the time that it takes "
    f"alone ({low[-1]:.2f} to {high[-1]:.2f} in the middle half of {ROUNDS} rounds, on shared processor "
    "cores)."
)

# %% [markdown]
# The curve need not fall at once. For one picture the layer is a product of a matrix with a vector, and libraries have a separate program for that, often a better one than for two or three pictures.
#
# ## The floor of the whole training
#
# Training goes forwards, and then backwards twice: once for the maps and once for the weights. So count three times the work. Now multiply by all pictures and all passes.

# %%
operations = 3 * total * value("training_images") * 1e6 * value("epochs")
days = operations / (2 * old["fp32"] * 1e12) / 86_400
say(
    f"That makes {operations:.1e} operations: {fact('training_images')} pictures, {fact('epochs')} "
    f"passes{cite('krizhevsky2012', at='section 5')}. Two GTX 580 at their peak would need **{days:.1f} "
    "days**. The paper says five to six. So Krizhevsky's program reached about "
    f"{days / 5.5:.0%} of what the chips could do at the very best."
)

# %% [markdown]
# Nearly a third, by hand-written code, with all its reading of pictures and talking between cards: that is good work. A floor is not a time; it tells how much better anyone could have done.
#
# ## What the two cards had to hold
#
# While it trains, a card must keep three numbers for every parameter (the value, its gradient, its momentum) and two for every output of a layer and every picture of the batch. The site counts this from the same layer sizes.

# %%
from sitebuild.data.memory import ledger

counted = ledger(layers)
names = {"whole": "all on one card", "first": "first of two", "second": "second of two"}
figure, axes = plt.subplots(figsize=(5.6, 2.5))
for place, key in enumerate(names):
    part = counted[key]
    numbers = axes.barh(place, part["parameters"], color=lesson.HAND)
    pictures = axes.barh(place, part["maps"], left=part["parameters"], color=lesson.DEEP)
    axes.text(part["total"] + 0.03, place, f"{part['total']:.2f}", va="center")
axes.axvline(value("card_memory"), color="black", linewidth=1)
axes.set_xlim(0, 3.6)
axes.text(value("card_memory") + 0.03, 0, f"{fact('card_memory')}:\na card", va="center")
axes.set_yticks(range(len(names)), names.values())
axes.tick_params(axis="y", length=0)
axes.invert_yaxis()
axes.legend(
    (numbers, pictures),
    ("parameters", "maps"),
    frameon=False,
    loc="lower right",
    bbox_to_anchor=(0.83, 0),
)
axes.set_xlabel("GB, at least")
show(
    figure,
    "Three bars of memory: the whole network needs somewhat less than a card has, each half much "
    "less. The maps take more than the parameters.",
)
for batch in (128, 192, 256):
    need = ledger({**layers, "batch": batch})
    fits = {key: need[key]["total"] <= value("card_memory") for key in ("whole", "first")}
    print(
        f"batch of {batch}: whole network {need['whole']['total']:.2f} GB"
        f" ({'fits' if fits['whole'] else 'does not fit'}), half {need['first']['total']:.2f} GB"
        f" ({'fits' if fits['first'] else 'does not fit'})"
    )

# %% [markdown]
# By this bare count the network of 2012 fits one card. The paper says that one card was too small for it. Both can be true: a fast program wants room for copies (think of the unrolled matrix above), for partial sums and for the next pictures. [The GPU shift](../story/gpu-shift.md) weighs this.
#
# ## What they had to tell each other
#
# Two cards share the work, but what one made the other cannot see until it is sent. So the network was cut to need little talk: in most layers a filter sees only the maps of its own card. Only the third convolution and the fully connected layers look at both halves.

# %%
sizes = {row["layer"]: prod(row["out"]) for row in layers["rows"]}
sent = ["pool2 to conv3", "pool5 to fc6", "fc6 to fc7"]
ways = ["pool1 to conv2", *sent, "conv3 to conv4", "conv4 to conv5"]
every = {way: sizes[way.split()[0]] for way in ways}  # what the first of the two made
talk = {way: every[way] for way in sent}
half = layers["bytes_per_number"] * layers["batch"] / 2 / 1e6
for name, numbers in every.items():
    print(f"{name:15} {numbers * half:6.1f} MB each way {'' if name in talk else '(not sent)'}")
say(
    f"Forwards, for one batch, each card sends {sum(talk.values()) * half:.0f} MB. If every layer saw "
    f"both halves it would be {sum(every.values()) * half:.0f} MB, "
    f"{sum(every.values()) / sum(talk.values()):.1f} times as much. The paper says that such a cut "
    f"lets one tune this to a fair share of the work{cite('krizhevsky2012', at='section 3.2')}. The "
    "way back carries the same again."
)

# %% [markdown]
# Half of fc7 also goes to the card that holds the last layer; it is the same size as half of fc6 and we left it out.
#
# ## From a GTX 580 to today
#
# What would the floor of the same training be on one card of later years? We use the makers' peak for 32-bit arithmetic, because AlexNet was trained in it.

# %%
figure, axes = plt.subplots(figsize=(5.6, 3.6))
for card in cards:
    hours = operations / (card["fp32"] * 1e12) / 3600
    day = date.fromisoformat((card["released"] + "-01")[:10])
    axes.semilogy(day, hours, "o", color=lesson.DEEP)
    aside = {"h100": (-6, -4), "h200": (-3, 7), "b200": (-6, -12)}.get(card["id"])
    axes.annotate(
        card["name"].removeprefix("GeForce ").removeprefix("Tesla "),
        (day, hours),
        aside or (6, 4),
        textcoords="offset points",
        ha="right" if aside else "left",
    )
    print(f"{card['name']:20} {card['released'][:4]}  {hours:7.1f} hours at best")
axes.set_ylabel("hours, at best")
axes.set_yticks([1, 10, 100], ["1", "10", "100"])
show(
    figure,
    "The floor of AlexNet's training on one card, from 2006 to 2024: it falls from several hundred "
    "hours to under two.",
)
growth = {key: new[key] / old[key] for key in ("fp32", "bandwidth")}
say(
    f"From the GTX 580 to the H200 arithmetic grew {growth['fp32']:.0f}-fold and memory speed "
    f"{growth['bandwidth']:.0f}-fold{cite('epoch2025', 'bekman2026')}. These are peaks from data sheets, "
    "not measured speeds; all of them ignore the matrix units, which do coarser 16-bit sums."
)

# %% [markdown]
# What does a real card reach? The runner of this project measures that, and the site keeps the results.

# %%
from sitebuild.data.results import load_results

recorded = [
    result
    for result in load_results(lesson.DATA / "benchmarks")
    if result["machine"]["kind"] == "gpu" and result["run"]["network"] == "alexnet64"
]
for result in recorded:
    one, first = result["candidate"], result["candidate"]["results"][0]
    print(
        f"{result['machine']['device']}: {one['engine']} {one['precision']}, batch {first['batch']}: "
        f"{first['ratio']['median']:.2f} times as fast as {result['run']['reference']}"
    )
if not recorded:
    say(
        "No result from a graphics card is on record here yet, so we claim nothing. With a card of "
        "your own, run `python -m demo benchmark` and compare with the limits above."
    )

# %% [markdown]
# ## Exercises
#
# 1. Where is the corner of the roofline of a card of your own? Look up its 32-bit peak and its memory speed. From which batch size on is fc6 no longer limited by memory?
# 2. Suppose the convolutions ran infinitely fast. How much faster would a forward pass be, if the rest took as long as before? They do 92 % of the work.
# 3. The H200 has a corner farther to the right than the GTX 580. What does that mean for a network whose layers do few operations a byte?
#
# <details><summary>Answers</summary>
#
# 1. The corner is the peak divided by the memory speed. fc6 does about half an operation a byte for each picture of the batch, so the batch must be about twice the corner's value.
# 2. The other 8 % stay, so at most 12.5 times faster, if time goes with work. This is Amdahl's law: what you do not speed up ends up ruling.
# 3. More of its layers wait for memory, and the fine arithmetic units stand idle. Larger batches help, and so do smaller numbers: 16 bits need half the carrying of 32.
#
# </details>
#
# **Next:** [train a small network](train-it.ipynb) yourself.
#
# ## Sources

# %%
lesson.sources()
