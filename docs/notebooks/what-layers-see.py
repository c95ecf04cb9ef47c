# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What the layers see
#
# In this lesson you open the trained network and look at its filters, at what lights up inside it, and at which pictures it takes for similar. It takes about 20 minutes.
#
# **You will learn**
#
# - what the first layer looks for, in each of the two towers
# - what an *activation* is, and how it changes from layer to layer
# - why pictures that differ in every pixel can be neighbours in the last hidden layer
# - how to find out which part of a picture an answer rests on
#
# The network is `alexnet64`, trained by this project on Tiny ImageNet. The pictures are the project's own samples.

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
from PIL import Image, ImageEnhance, ImageOps
from safetensors.torch import load_file

from model_export.architectures import alexnet64
from model_export.contract.card import Input
from model_export.contract.preprocessing import preprocess, resize_and_crop
from model_export.networks import ALEXNET64
from model_export.records.portraits import LAYERS, cut
from model_export.sources.weights import training

network = alexnet64().eval()
network.load_state_dict(load_file(lesson.ROOT / "model_export/weights/alexnet64.safetensors"))
labels = [
    line.split("\t")[1]
    for line in (lesson.ROOT / "model_export/contract/data/tiny_imagenet.tsv")
    .read_text("utf-8")
    .splitlines()
]
rule: Input = ALEXNET64.input
temperature = training()["calibration"]["temperature"]  # so that percentages come true as often
files = sorted(lesson.SAMPLES.glob("*.jpg"))
pictures = {file.stem: Image.open(file).convert("RGB") for file in files}


def batch(images) -> torch.Tensor:
    """Pictures to the network's input, (n, 3, 64, 64)."""
    return torch.from_numpy(np.stack([preprocess(image, rule) for image in images]))


print(len(pictures), "pictures,", len(labels), "classes")

# %% [markdown]
# ## The first filters
#
# Each of the 96 filters of the first layer is a small coloured picture of 11 × 11 pixels. A filter answers strongly where the photograph looks like it. Figure 3 of the paper showed those of 2012: one card had learned mostly edges without colour, the other mostly patches of colour. Nobody had told them to. Here are ours. The upper 48 belong to the first tower, the lower 48 to the second.

# %%
filters = network.features.conv1.weight.detach()
stretched = filters - filters.amin((1, 2, 3), keepdim=True)
stretched = stretched / stretched.amax((1, 2, 3), keepdim=True)
figure, grid = plt.subplots(8, 12, figsize=(5.6, 4))
for axes, one in zip(grid.flat, stretched, strict=True):
    axes.imshow(one.permute(1, 2, 0))
    axes.axis("off")
show(
    figure,
    "Ninety-six small patches, the first layer's filters: stripes at many angles, spots and "
    "patches of colour, in two groups of 48.",
    gap=0.3,
)

# %% [markdown]
# Did our towers specialise too? A number helps more than the eye. We measure how much of a filter's strength is colour: the part that is left when its three channels are replaced by their average.

# %%
grey = filters.mean(1, keepdim=True)
colour = ((filters - grey).square().sum((1, 2, 3)) / filters.square().sum((1, 2, 3))).numpy()
towers = {"first tower": colour[:48], "second tower": colour[48:]}
figure, axes = plt.subplots(figsize=(5.6, 2.8))
edges = np.linspace(0, 1, 11)
axes.hist(list(towers.values()), edges, label=list(towers), color=[lesson.DEEP, lesson.HAND])
axes.set_xlabel("share of the filter's strength that is colour")
axes.set_ylabel("filters")
axes.legend(frameon=False)
show(figure, "A histogram of how colourful the filters of each of the two towers are.")
means = {name: float(values.mean()) for name, values in towers.items()}

# The towers are two draws of 48 filters: could shuffled filters differ as much?
gap = abs(means["first tower"] - means["second tower"])
shuffler = np.random.default_rng(0)
shuffled = [
    abs(mixed[:48].mean() - mixed[48:].mean())
    for mixed in (shuffler.permutation(colour) for _ in range(2000))
]
as_large = int((np.array(shuffled) >= gap).sum())
verdict = (
    "No division of labour of the kind that the paper shows can be seen here."
    if as_large > len(shuffled) / 20
    else "So the towers did divide the work, at least a little."
)
say(
    f"On average colour makes up {means['first tower']:.0%} of a filter in the first tower and "
    f"{means['second tower']:.0%} in the second. We dealt the filters out at random "
    f"{len(shuffled)} times: a gap that large came up {as_large} times. {verdict}"
)

# %% [markdown]
# Mind that this is **one** training run. Another random start might deal out the work otherwise, and one network cannot tell whether two towers specialise as a rule. Our training also differs from that of 2012 in ways that may matter: smaller pictures, scaffolding that was removed afterwards, another weight decay. We show what came out.
#
# ## What lights up
#
# An **activation** is the number that one unit gives for one picture. All units that share a filter form a map. We send a picture through and look at the strongest maps of each stage.

# %%
STAGES = {"conv1": "relu1", "conv2": "relu2", "conv3": "relu3", "conv4": "relu4", "conv5": "relu5"}


def look(images) -> dict[str, torch.Tensor]:
    """Activations after each stage's ReLU, after fc7's, and the logits."""
    found, hooks = {}, []
    watched = {name: getattr(network.features, layer) for name, layer in STAGES.items()}
    watched["fc7"] = network.classifier.relu7
    for name, layer in watched.items():
        hooks.append(
            layer.register_forward_hook(lambda _l, _i, out, name=name: found.update({name: out}))
        )
    with torch.inference_mode():
        found["logits"] = network(batch(images))
    for hook in hooks:
        hook.remove()
    return found


shown = pictures["ladybug"]
inside = look([shown])
figure, grid = plt.subplots(len(STAGES), 9, figsize=(5.6, 3.4))
for line, name in zip(grid, STAGES, strict=True):
    maps = inside[name][0]
    strongest = maps.amax((1, 2)).argsort(descending=True)[:8]
    line[0].imshow(resize_and_crop(shown, rule))
    line[0].set_ylabel(name)
    line[0].set_xticks([])
    line[0].set_yticks([])
    for axes, number in zip(line[1:], strongest, strict=True):
        axes.imshow(maps[number])
        axes.axis("off")
show(
    figure,
    "Five rows of maps, one row a stage: in the first the ladybird's outline can be seen, in the "
    "last only a few coarse spots are left.",
    gap=0.3,
)
quiet = {name: float((inside[name] == 0).float().mean()) for name in ("conv3", "conv4", "conv5")}
say(
    "Maps get coarser and choosier with depth. For this picture, the share of units that stay "
    "silent is " + ", ".join(f"{share:.0%} in {name}" for name, share in quiet.items()) + "."
)

# %% [markdown]
# ## Neighbours
#
# Figure 4 of the paper (right) asked which training pictures lie nearest to a test picture in the last hidden layer, and found pictures of the same thing in quite different poses. We repeat it in small. Every sample gets seven altered copies: mirrored, cropped, darker, without colour and so on. Then, for each copy, we look for its nearest picture among the originals, once by pixels, and once by the 1024 numbers of the last hidden layer, fc7.


# %%
def cropped(image: Image.Image, left: float, top: float, part: float) -> Image.Image:
    """A part of a picture, its corner and size as shares of the sides."""
    width, height = image.size
    x, y = width * left, height * top
    return image.crop((round(x), round(y), round(x + width * part), round(y + height * part)))


ALTERED = {
    "mirrored": ImageOps.mirror,
    "upper left": lambda image: cropped(image, 0, 0, 0.8),
    "lower right": lambda image: cropped(image, 0.2, 0.2, 0.8),
    "middle": lambda image: cropped(image, 0.15, 0.15, 0.7),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.5),
    "no colour": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "turned": lambda image: image.rotate(15, Image.Resampling.BILINEAR),
}
names = list(pictures)
originals = [pictures[name] for name in names]
by_pixels = batch(originals).flatten(1)
by_layer = look(originals)["fc7"]


def nearest(vectors: torch.Tensor, among: torch.Tensor) -> np.ndarray:
    """For each row of ``vectors`` the nearest row of ``among`` by the angle between them."""
    unit = nn_unit(vectors) @ nn_unit(among).T
    return unit.argmax(1).numpy()


def nn_unit(vectors: torch.Tensor) -> torch.Tensor:
    """Rows scaled to length 1."""
    return vectors / vectors.norm(dim=1, keepdim=True)


scores = {}
for alteration, change in ALTERED.items():
    copies = [change(image) for image in originals]
    right = np.arange(len(names))
    scores[alteration] = (
        (nearest(batch(copies).flatten(1), by_pixels) == right).mean(),
        (nearest(look(copies)["fc7"], by_layer) == right).mean(),
    )
figure, axes = plt.subplots(figsize=(5.6, 3.6))
places = np.arange(len(scores))
axes.barh(places - 0.2, [100 * s[0] for s in scores.values()], 0.38, color=lesson.HAND)
axes.barh(places + 0.2, [100 * s[1] for s in scores.values()], 0.38, color=lesson.DEEP)
axes.set_yticks(places, list(scores))
axes.invert_yaxis()
axes.set_xlabel("copies that find their own original, per cent")
axes.legend(
    ["by pixels", "by fc7"], frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2
)
show(
    figure,
    "For seven kinds of altered copies: how often pixels and how often fc7 find the original.",
)
pixels, layer = (float(np.mean([score[i] for score in scores.values()])) for i in (0, 1))
say(
    f"Over all kinds, {pixels:.0%} of the copies find their original by pixels and {layer:.0%} by "
    "the last hidden layer. Pixels fail when things move. The layer cares less about where a thing is "
    "and more about what it is. A common measure of how alike two pictures look, LPIPS, takes the "
    f"layers of an AlexNet by default{cite('zhang2018', 'lpipsreadme')}."
)

# %% [markdown]
# ## What an answer rests on
#
# Slide a grey square over the picture and watch the right answer's probability. Where it drops, the covered part mattered.

# %%
truth = labels.index("ladybug")
base = batch([shown])
size, step = 12, 4
places = list(range(0, 64 - size + 1, step))
covered = base.repeat(len(places) ** 2, 1, 1, 1)
for number, (top, left) in enumerate((top, left) for top in places for left in places):
    covered[number, :, top : top + size, left : left + size] = 0  # the average colour
with torch.inference_mode():
    chances = (
        (network(covered) / temperature).softmax(1)[:, truth].reshape(len(places), len(places))
    )
    whole = (network(base) / temperature).softmax(1)[0, truth].item()
figure, (left_axes, right_axes) = plt.subplots(1, 2, figsize=(5.6, 2.8))
left_axes.imshow(resize_and_crop(shown, rule))
left_axes.axis("off")
left_axes.set_title("the picture")
drawn = right_axes.imshow(100 * chances, cmap="viridis", vmin=0, vmax=100)
right_axes.axis("off")
right_axes.set_title('"ladybug" when\nthis part is covered')
figure.colorbar(drawn, ax=right_axes, label="per cent")
show(figure, "A ladybird, and a map of how sure the network stays when a square of it is covered.")
say(
    f"With nothing covered the network says ladybug with {whole:.0%}. With the worst square "
    f"covered it falls to {float(chances.min()):.0%}."
)

# %% [markdown]
# ## Which pictures excite a map most?
#
# Each map of the last convolution answers to something. To find out to what, look for the pictures that make it answer most strongly. First among our samples, for two maps of each tower.

# %%
MAPS = (0, 50, 128, 200)


def excited(inputs: torch.Tensor, thumbnails, many: int, alt: str) -> None:
    """Show, for each of `MAPS`, the ``many`` pictures with the strongest answer anywhere."""
    with torch.inference_mode():
        peaks = torch.cat([network.features[:-1](p).amax((2, 3)) for p in inputs.split(100)])
    best = peaks.topk(many, dim=0).indices
    figure, grid = plt.subplots(len(MAPS), many, figsize=(5.6, 5.4 * len(MAPS) / many))
    for line, number in zip(grid, MAPS, strict=True):
        for axes, index in zip(line, best[:, number], strict=True):
            axes.imshow(thumbnails[index])
            axes.set_xticks([])
            axes.set_yticks([])
        line[0].set_ylabel(f"map {number}")
    show(figure, alt, gap=0.3)


excited(
    batch(originals),
    [resize_and_crop(image, rule) for image in originals],
    5,
    "Four rows of five sample pictures: those that excite four maps of the last convolution most.",
)

# %% [markdown]
# Twenty pictures are too few to tell what a map looks for: among so few, the five best may have little in common.
#
# ### Ask the map itself
#
# One can also go the other way: begin with noise, and change it step by step so that the map answers more. Nothing limits such a **portrait** to the pictures that we happen to have. These are the portraits of the same four maps, from [the atlas](../network/atlas.md), which says how they were made and what they don't show. [Grow one](../grow.md) makes one before your eyes.

# %%
portraits = cut(LAYERS["conv5"], lesson.ROOT / "docs/assets/portraits")
figure, row = plt.subplots(1, len(MAPS), figsize=(5.6, 1.8))
for axes, number in zip(row, MAPS, strict=True):
    axes.imshow(portraits[number])
    axes.set_title(f"map {number}")
    axes.axis("off")
show(figure, "The portraits of four maps of the last convolution, grown from noise.")

# The answer to the portrait beside the best answers that our samples give.
stacked = torch.cat(
    [batch([Image.fromarray(portraits[number]) for number in MAPS]), batch(originals)]
)
with torch.inference_mode():
    peaks = network.features[:-1](stacked).amax((2, 3))
times = [float(peaks[row, k] / peaks[len(MAPS) :, k].max()) for row, k in enumerate(MAPS)]
say(
    f"Seen by the same network, the portraits move their maps {min(times):.1f} to {max(times):.1f} "
    "times as much as the best of our samples."
)

# %% [markdown]
# ### With the data at hand
#
# The next cell asks the same of 2000 validation pictures of Tiny ImageNet, and repeats figure 4 of the paper: the nearest neighbours in the last hidden layer. These pictures may not be shipped with this lesson. Set the environment variable `TINY_IMAGENET` to its folder or zip file and run the cell again.

# %% tags=["needs-data"]
if data := os.environ.get("TINY_IMAGENET"):
    from model_export.contract.tiny_imagenet import TinyImageNet

    split = TinyImageNet(data).load("val", limit=2000)
    validation, classes = split.images, split.labels
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (rule.mean, rule.std))
    inputs = (torch.from_numpy(validation).permute(0, 3, 1, 2) / 255 - mean) / std
    excited(inputs, validation, 8, "Four rows of eight validation pictures that excite a map most.")

    hidden = torch.nn.Sequential(network.features, torch.nn.Flatten(1), network.classifier[:-2])
    with torch.inference_mode():
        by_layer = torch.cat(list(map(hidden, inputs.split(100))))
    figure, grid = plt.subplots(4, 7, figsize=(5.6, 3.4))
    for name, vectors in (("pixels", inputs.flatten(1)), ("fc7", by_layer)):
        likeness = nn_unit(vectors) @ nn_unit(vectors).T
        likeness.fill_diagonal_(-1)
        same = (classes[likeness.argmax(1).numpy()] == classes).mean()
        print(f"the nearest neighbour by {name} has the same class: {same:.1%}")
    for line, number in zip(grid, (3, 11, 40, 77), strict=True):
        nearest_six = likeness[number].topk(6).indices.tolist()
        for axes, index in zip(line, [number, *nearest_six], strict=True):
            axes.imshow(validation[index])
            axes.axis("off")
    show(figure, "Four validation pictures, and beside each the six nearest to it by fc7.", gap=0.3)
else:
    print("TINY_IMAGENET is not set: nothing to show here.")

# %% [markdown]
# ## Exercises
#
# 1. Use `pictures["cat"]` for the maps and the occlusion map. Which class does the network name, and what does that answer rest on?
# 2. Make the grey square 4 pixels wide. Why does the map hardly change from place to place?
# 3. Compare the neighbours by `conv5`, flattened, with those by `fc7`. Which of the two is better at "mirrored", and why might that be?
#
# <details><summary>Answers</summary>
#
# 1. Its first guess is wrong. Look at where the probability of that wrong class drops.
# 2. So small a patch hides too little: the filters of the later layers see most of the picture at once.
# 3. In conv5 the place of a thing still matters, because each unit belongs to one corner of the picture. In fc7 every unit sees the whole picture, and training used mirrored pictures.
#
# </details>
#
# **Next:** [why all this had to run on a graphics card](why-gpus.ipynb).
#
# ## Sources

# %%
lesson.sources()
