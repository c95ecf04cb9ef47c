# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Meet AlexNet
#
# In this lesson you load a trained network, show it pictures and see where it goes wrong. It takes about 15 minutes and needs no graphics card.
#
# **You will learn**
#
# - what goes into the network and what comes out
# - how a photograph becomes 12,288 numbers
# - what "top-1" and "top-5" mean
# - why a high score is not the same as a right answer
#
# The network is `alexnet64`, a small cousin of the network of 2012. This project trained it. It has the same eight layers in two towers, but it looks at thumbnails of 64 × 64 pixels and knows 200 classes instead of 1000.

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
import json

import lesson
import numpy as np
import onnxruntime
from lesson import plt, say, show
from PIL import Image

# %% [markdown]
# ## One file, three questions
#
# An exported network is one file. ONNX Runtime, a program that runs such files, can tell us what it wants and what it gives.

# %%
session = onnxruntime.InferenceSession(lesson.MODEL, providers=["CPUExecutionProvider"])
wanted = session.get_inputs()[0]
given = session.get_outputs()[0]
print("wants", wanted.name, wanted.shape[1:], "for each picture")
print("gives", given.name, given.shape[1:], "for each picture")
print("ran on", session.get_providers()[0])

# %% [markdown]
# It wants three layers of 64 × 64 numbers: red, green and blue. It gives 200 numbers, one for each class it knows. Those raw numbers are called **logits**.
#
# But which class is number 17? How must the picture be cut? A bare network does not say. This file carries a **model card** that does.

# %%
card = json.loads(session.get_modelmeta().custom_metadata_map["alexnet_card"])
rule = card["input"]
labels = [entry["name"] for entry in card["labels"]]
print("network:   ", card["title"])
print("trained by:", card["weights"]["trained_by"])
print("trained on:", card["weights"]["trained_on"])
print("licence:   ", card["weights"]["licence"])
print("class 17:  ", labels[17])

# %% [markdown]
# ## From photograph to numbers
#
# The rule has four steps: shrink the picture until its shorter side has 64 pixels, cut out the middle square, divide by 255 so that every number lies between 0 and 1, then subtract the average colour of the training pictures and divide by how much colours vary.


# %%
def see(picture: Image.Image) -> Image.Image:
    """What is left of a picture when the network looks: the middle square, 64 x 64 pixels."""
    size, shorter = rule["resize"], min(picture.size)
    width, height = (size * side // shorter for side in picture.size)
    left, top = round((width - rule["size"]) / 2), round((height - rule["size"]) / 2)
    box = (left, top, left + rule["size"], top + rule["size"])
    return picture.resize((width, height), Image.Resampling.BILINEAR).crop(box)


def numbers(picture: Image.Image) -> np.ndarray:
    """A picture as the network's input: (1, 3, 64, 64), normalised."""
    scaled = np.asarray(see(picture), np.float32) / 255
    normal = (scaled - np.float32(rule["mean"])) / np.float32(rule["std"])
    return normal.transpose(2, 0, 1)[None]


cup = Image.open(lesson.SAMPLES / "espresso.jpg").convert("RGB")
figure, (left, right) = plt.subplots(1, 2, figsize=(5.6, 2.6))
left.imshow(cup)
left.set_title(f"The photograph: {cup.width} × {cup.height}")
right.imshow(see(cup))
right.set_title("The network sees: 64 × 64")
for axes in (left, right):
    axes.axis("off")
show(
    figure,
    "A photograph of a cup of espresso, and beside it the same photograph as a coarse square thumbnail.",
)

# %% [markdown]
# ## The answer
#
# We run the network once. Then the logits become probabilities: every number is raised to a power of *e*, and the results are divided by their sum. This step is called **softmax**. First they are divided by a number from the card, the **temperature**. It was chosen on pictures that were kept out of the training, so that "80 %" comes true about eight times in ten; [How it runs here](../how-it-runs.md#do-its-percentages-mean-anything) shows how well that works.


# %%
def probabilities(pictures: np.ndarray) -> np.ndarray:
    """Pictures (n, 3, 64, 64) to probabilities (n, 200) that add up to 1 in each row."""
    logits = session.run(["logits"], {wanted.name: pictures})[0] / card["temperature"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def top_five(chances: np.ndarray) -> list[tuple[str, float]]:
    """The five likeliest classes of one row, best first."""
    best = np.argsort(-chances, kind="stable")[:5]
    return [(labels[i], float(chances[i])) for i in best]


answer = top_five(probabilities(numbers(cup))[0])
figure, axes = plt.subplots(figsize=(5.6, 2.4))
lesson.bars(axes, [name for name, _ in answer], [100 * chance for _, chance in answer])
axes.set_xlabel("probability, per cent")
show(
    figure, "Five bars: the network's five best guesses for the photograph of the cup, best first."
)
say(f"Its best guess is **{answer[0][0]}**, with {answer[0][1]:.0%}.")

# %% [markdown]
# ## More pictures
#
# One picture proves nothing. The project ships sample pictures with the name of what they show. One shows a thing that is not among the 200 classes. There the network cannot be right: it must pick a class all the same.
#
# A guess is **top-1 right** when the best guess is right. It is **top-5 right** when the right name is among the best five. The contest of 2012 counted top-5, because a photograph often shows more than one thing.

# %%
import yaml

samples = yaml.safe_load((lesson.SAMPLES / "CREDITS.yml").read_text("utf-8"))
places = {entry["wnid"]: number for number, entry in enumerate(card["labels"])}
rows = []
for sample in samples:
    picture = Image.open(lesson.SAMPLES / sample["file"]).convert("RGB")
    chances = probabilities(numbers(picture))[0]
    truth = places.get(sample["tiny_imagenet_wnid"])
    rank = None if truth is None else int((chances > chances[truth]).sum()) + 1
    rows.append((sample, picture, top_five(chances), truth, rank))

for sample, _, best, truth, rank in rows:
    verdict = "not a class it knows" if truth is None else f"right name at place {rank}"
    print(f"{sample['file'][:-4]:15} {best[0][0]:18} {best[0][1]:4.0%}   {verdict}")

# %%
measured = json.loads((lesson.ROOT / "model_export/weights/accuracy.json").read_text("utf-8"))
known = [row for row in rows if row[3] is not None]
first = sum(row[4] == 1 for row in known)
fifth = sum(row[4] <= 5 for row in known)
say(
    f"Of {len(known)} pictures whose class it knows, {first} are right at the first guess and "
    f"{fifth} within five guesses. That is better than on strangers' photographs: on "
    f"{measured['count']:,} validation pictures that it had never seen, it is right "
    f"{measured['top1']['percent']:.1f} % of the time at the first guess and "
    f"{measured['top5']['percent']:.1f} % within five. Most of our samples were rendered by a "
    "computer, and they are tidier than life. **A few pictures are an anecdote, not a measurement.**"
)

# %% [markdown]
# ## Sure and wrong
#
# Let us look at the pictures where it fails, and at how sure it was.

# %%
wrong = [row for row in rows if row[4] != 1]
lines = -(-len(wrong) // 3)
figure, grid = plt.subplots(lines, 3, figsize=(5.6, 2.4 * lines))
for axes in grid.flat:
    axes.axis("off")
for axes, (sample, picture, best, _, _) in zip(grid.flat, wrong, strict=False):
    axes.imshow(see(picture))
    axes.set_title(f"{sample['file'][:-4]}?\n{best[0][0]}\n{best[0][1]:.0%}")
show(figure, "The thumbnails that the network named wrongly, each with its wrong first guess.")

surest = max(wrong, key=lambda row: row[2][0][1])
say(
    f"Its surest mistake: **{surest[0]['file'][:-4]}** is called **{surest[2][0][0]}** with "
    f"{surest[2][0][1]:.0%}. On pictures of the kind that it was trained on, such a figure comes true "
    "about that often. On pictures of another kind it need not."
)

# %% [markdown]
# ## A small push
#
# A person sees the same cup when the photograph is mirrored or made a little darker. Does the network?

# %%
from PIL import ImageEnhance, ImageOps

changes = {
    "as it is": cup,
    "mirrored": ImageOps.mirror(cup),
    "upside down": cup.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "half as bright": ImageEnhance.Brightness(cup).enhance(0.5),
    "no colour": ImageOps.grayscale(cup).convert("RGB"),
}
figure, grid = plt.subplots(2, 3, figsize=(5.6, 4.6))
for axes in grid.flat:
    axes.axis("off")
scores = {}
for axes, (name, changed) in zip(grid.flat, changes.items(), strict=False):
    best = top_five(probabilities(numbers(changed))[0])[0]
    scores[name] = best
    axes.imshow(see(changed))
    axes.set_title(f"{name}\n{best[0]}, {best[1]:.0%}")
show(figure, "Five versions of the cup's thumbnail, each with the network's best guess above it.")
same = [name for name, best in scores.items() if best[0] == scores["as it is"][0]]
say(f"The first guess stays the same for: {', '.join(same)}.")

# %% [markdown]
# The network was trained on mirrored pictures too, so mirroring is familiar. Nobody ever showed it the world upside down.
#
# ## Exercises
#
# 1. Change `espresso.jpg` to another file of `demo/samples` and run the lesson again. Which class comes second, and can you see why?
# 2. The probabilities of all 200 classes add up to 1. What does the network answer to a picture of pure noise, `np.random.rand(...)`? How sure is it?
# 3. Guessing blindly, how often would you be right at top-1 and at top-5 with 200 classes?
#
# <details><summary>Answers</summary>
#
# 1. There is no single answer. Look at the thumbnail rather than at the photograph: at 64 pixels a spider web and a fence are not far apart.
# 2. It still names a class, because softmax must hand out all of the probability. Try `probabilities(np.random.randn(1, 3, 64, 64).astype("float32")).max()`.
# 3. One in 200 is 0.5 % at top-1, and five in 200 are 2.5 % at top-5.
#
# </details>
#
# **Next:** [build the network yourself](build-it.ipynb), layer by layer.
