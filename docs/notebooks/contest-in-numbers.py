# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The contest in numbers
#
# In this lesson you read the results of the ImageNet challenge like a referee, and then the winner's own lab notes. It takes about 20 minutes, and no network has to run.
#
# **You will learn**
#
# - which results may be compared, and which may not
# - how large the win of 2012 was, measured in three fair ways
# - how to tell a real lead from luck
# - what the lab notes say of how the winner came about
#
# All figures come from the data files of this site. The small numbers lead to the sources at the end.

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

import lesson
import numpy as np
from lesson import cite, fact, plt, say, show

ilsvrc = lesson.tables()["ilsvrc"]
winners = ilsvrc["winners"]
entries = ilsvrc["entries_2012"]

# %% [markdown]
# ## Eight contests
#
# A program could name five things for each test picture. It was counted wrong only if none of the five was right. The figure that the contest reports is the share of wrong pictures, in per cent: the *top-5 error*.

# %%
for row in winners:
    print(
        f"{row['year']}  {row['team']:15} {row['error']:6.2f}   then {row['runner_up']:20} "
        f"{row['runner_up_error']:6.2f}"
    )
say(
    f"The first three rows come from the official pages"
    f"{cite('ilsvrc2010', 'ilsvrc2011', 'ilsvrc2012results')}; the later ones we know through other "
    f"sources, which agree{cite('russakovsky2015', 'he2016', 'hu2018', 'ilsvrc2016')}. Beside each "
    "winner stands the best entry of any other team."
)

# %%
figure, axes = plt.subplots(figsize=(5.6, 3.2))
years = [row["year"] for row in winners]
for deep, colour, mark, words in (
    (False, lesson.HAND, "s", "winner, features made by hand"),
    (True, lesson.DEEP, "o", "winner, deep network"),
):
    rows = [row for row in winners if row["deep"] == deep]
    axes.plot(
        [row["year"] for row in rows],
        [row["error"] for row in rows],
        mark + "-",
        color=colour,
        label=words,
    )
axes.plot(
    years, [row["runner_up_error"] for row in winners], "_k", markersize=14, label="next team"
)
axes.set_ylim(0)
axes.set_xticks(years)
axes.set_ylabel("top-5 error, per cent")
axes.legend(frameon=False)
show(
    figure,
    "Winners' errors from 2010 to 2017 fall from 28 to 2 per cent. Only in 2012 is the next team "
    "ten points away; later the two nearly touch.",
)

# %% [markdown]
# Before you draw a line through these points, read the small print. In 2010 and 2011 the contest used other classes and other test pictures than later. From 2014 on, the figure is a column of a harder task, in which the program also had to say where the thing is. And every winner from 2012 on averaged several networks. So compare teams *within* a year first.
#
# ## How large was the win?
#
# Team SuperVision sent in two files. One had help from extra pictures, beyond the ones that the contest gave out. That leaves three ways to state the lead.

# %%
extra, supplied = (row["error"] for row in entries if row["deep"])
rival = min(row["error"] for row in entries if not row["deep"])
single = next(row for row in ilsvrc["supervision_2012"] if row["id"] == "one")["top5_val"]
for words, error in (
    ("as entered: seven networks, extra pictures", extra),
    ("supplied pictures only: five networks", supplied),
    ("one network (on the validation pictures)", single),
):
    print(f"{words:44} {error:5.2f}   lead {rival - error:5.2f} points")

figure, axes = plt.subplots(figsize=(5.6, 1.7))
for row in entries:
    axes.plot(
        row["error"],
        0,
        "o" if row["deep"] else "s",
        color=lesson.DEEP if row["deep"] else lesson.HAND,
        markersize=9,
        alpha=0.75,
    )
axes.set_yticks([])
axes.spines["left"].set_visible(False)
axes.set_xlabel("top-5 error, per cent (all sixteen entries of 2012)")
show(
    figure,
    "Sixteen marks on a line: two orange dots near 16, then a wide gap, then a crowd of eight grey "
    "squares near 27 and six more up to 41.",
)
cut = (rival - supplied) / rival
say(
    f"The fair lead is the middle one: **{rival - supplied:.2f} points**, because the other teams "
    f"used the supplied pictures as well{cite('ilsvrc2012results')}. It means that {cut:.0%} of the "
    "best rival's mistakes were gone. To judge by the validation pictures, even a single network "
    "would have won"
    f"{cite('krizhevsky2012', at='table 2')}."
)

# %% [markdown]
# ## Could it be luck?
#
# Another test set would have given slightly other errors. How much other? Suppose every picture were a toss of a coin that shows "wrong" with probability *p*. Then the error of *n* pictures scatters around *p* with a standard error of
#
# √(*p* (1 − *p*) / *n*)
#
# With two entries, the scatter of their difference is at most about √2 times as large, if we treat their mistakes as independent. They are not quite: some pictures are hard for everyone. That makes the true scatter of a difference smaller, so the formula is careful.

# %%
test_pictures = int(lesson.value("test_images"))


def spread(error: float, pictures: int) -> float:
    """Standard error of an error rate, both in per cent."""
    return 100 * np.sqrt(error / 100 * (1 - error / 100) / pictures)


def surprise(one: float, other: float, pictures: int) -> float:
    """A difference in units of its standard error."""
    return abs(one - other) / np.hypot(spread(one, pictures), spread(other, pictures))


print(f"test pictures: {test_pictures:,}")
for row in winners[2:]:
    entered = row.get("error_supplied_data", row["error"])
    print(
        f"{row['year']}: {row['runner_up_error'] - entered:5.2f} points ahead, "
        f"{surprise(entered, row['runner_up_error'], test_pictures):5.1f} standard errors"
    )
close = [
    row["year"]
    for row in winners[2:]
    if surprise(row["error"], row["runner_up_error"], test_pictures) < 2
]
say(
    "A difference of two standard errors or more comes up by luck in about one case out of twenty. "
    f"The win of 2012 is beyond any doubt. In {' and '.join(map(str, close))}, by this careful "
    "measure, the first two places could have been the other way round with other pictures."
)

# %% [markdown]
# Do not trust a formula that you can try out. We let the best rival of 2012 take the contest two thousand times, each time with fresh pictures, and count how often it catches up.

# %%
draw = np.random.default_rng(2012)
contests = 2000
theirs = draw.binomial(test_pictures, rival / 100, contests) / test_pictures * 100
ours = draw.binomial(test_pictures, supplied / 100, contests) / test_pictures * 100
say(
    f"In {contests:,} imagined contests the rival caught up {int((theirs <= ours).sum())} times. "
    f"Its error scattered by {theirs.std():.2f} points, and the formula says "
    f"{spread(rival, test_pictures):.2f}."
)

# %% [markdown]
# ## How fast did it fall?
#
# Points are a poor measure once few mistakes are left: nobody can gain ten points from an error of seven. Ask instead which *share* of the mistakes of the year before was left. From 2012 on, the test pictures were the same.

# %%
same = winners[2:]
errors = [row.get("error_supplied_data", row["error"]) for row in same]
for before, row, old, new in zip(same, same[1:], errors, errors[1:], strict=False):
    print(f"{before['year']} to {row['year']}: {new / old:4.0%} of the mistakes left")
span = same[-1]["year"] - same[0]["year"]
halving = span * np.log(2) / np.log(errors[0] / errors[-1])

figure, axes = plt.subplots(figsize=(5.6, 2.8))
axes.semilogy([row["year"] for row in same], errors, "o-", color=lesson.DEEP, label="winner")
axes.semilogy(
    [same[0]["year"], same[-1]["year"]],
    [errors[0], errors[-1]],
    ":",
    color=lesson.HAND,
    label="the same share every year",
)
axes.set_yticks([2, 4, 8, 16], ["2", "4", "8", "16"])
axes.minorticks_off()
axes.set_ylabel("top-5 error, per cent")
axes.legend(frameon=False)
show(
    figure,
    "On a scale where equal steps are equal shares, the winners' errors fall every year from 2012 "
    "to 2017, fastest up to 2015.",
)
say(
    f"From 2012 to 2017 the error halved about every **{halving:.1f} years** (supplied pictures "
    f"only). One trained person had {fact('human_error')} on a part of these pictures, and another "
    f"{fact('human_second')}{cite('russakovsky2015', 'karpathy2014')}: there is no single human line "
    "to draw."
)

# %% [markdown]
# ## The lab notes
#
# In 2025 the source code of the winner was published. At the foot of its settings files stand lab notes: what was changed, when a run began, what came out. The site keeps them as a data file, and [a page tells their story](../network/lab-notebook.md).

# %%
from sitebuild.data.lab import TEN, VALIDATION, Lab

lab = Lab(lesson.tables()["experiments"])
results = [(run, result) for run in lab.runs for result in run["results"]]
say(
    f"The notes hold {len(lab.runs)} runs and {len(results)} lines of results"
    f"{cite('alexnetsource')}. The network of the paper is run 145. Its elders, youngest first: "
    f"{', '.join(lab.ancestors('145'))}."
)

# %% [markdown]
# ### Which pictures was it measured on?
#
# Often a note gives two figures and nothing else. But figures have a grain. With 50,000 pictures an error is a whole number of fifty-thousandths. Let us test this on figures whose note names the pictures.

# %%
# The sizes of the two collections, from the head of the data file.
pictures = {VALIDATION: 50_000, "ILSVRC-2010 test": 150_000}
print("run             pictures named      times 50,000   times 150,000")
shown = 0
for run, result in results:
    if result["label"] == "stated" and result["views"] == TEN and result["set"] in pictures:
        products = [result["top5"] * n for n in (50_000, 150_000)]
        print(f"{run['run']:15} {result['set'][7:]:17} {products[0]:14.2f}  {products[1]:14.2f}")
        shown += 1
    if shown == 8:
        break

# %% [markdown]
# The notes round to six digits, so the last column may miss a whole number by 0.07. A figure measured on fifty thousand pictures gives a whole number in the first column. It also does in the second, because 150,000 is three times 50,000. So the test can rule a collection out; it cannot prove it. That is how the site *infers* collections where a note is silent, and it says so on each run's card.
#
# ### Run after run

# %%
points = [
    (date.fromisoformat(run["started"]), 100 * result["top5"], run["run"])
    for run, result in results
    if run["started"] and result["set"] == VALIDATION and result["views"] == TEN
]
deadline = date(2012, 9, 30)
figure, axes = plt.subplots(figsize=(5.6, 3.4))
for early, colour, mark in ((True, lesson.DEEP, "o"), (False, lesson.HAND, "s")):
    part = [point for point in points if (point[0] <= deadline) == early]
    axes.plot([p[0] for p in part], [p[1] for p in part], mark, color=colour)
axes.axvline(deadline, color="black", linewidth=1)
axes.text(deadline, 17, " entries closed")
places = {  # of the words, from their point; those to the left of it end there
    "120-2012": (4, 4),
    "137": (4, 3),
    "145": (-6, -8),
    "146-2012-2011": (-6, -4),
    "147": (5, -11),
    "148": (-6, -4),
}
for day, error, name in points:
    if name in places:
        axes.annotate(
            f"#{name}",
            (day, error),
            places[name],
            textcoords="offset points",
            ha="left" if places[name][0] > 0 else "right",
        )
axes.set_xlim(date(2012, 7, 1))
axes.set_ylabel("top-5 error, per cent")
axes.xaxis.set_major_formatter(plt.matplotlib.dates.DateFormatter("%b %Y"))
axes.xaxis.set_major_locator(plt.matplotlib.dates.MonthLocator(interval=2))
show(
    figure,
    "Errors of single networks by the day their run began. Before the deadline they fall from 18.7 "
    "to 16.6 per cent; the runs after it lie between 18 and 19.5.",
)
before = [point for point in points if point[0] <= deadline]
plain = [p for p in before if p[2] in ("120-2012", "131", "135", "137", "145")]
noise = spread(plain[-1][1], pictures[VALIDATION])
say(
    f"From run {plain[0][2]} to run 145, {(plain[-1][0] - plain[0][0]).days // 7} weeks of work on the plain network took the error from "
    f"{plain[0][1]:.2f} to {plain[-1][1]:.2f}. The standard error of one such figure is "
    f"{noise:.2f} points. The large step came from elsewhere: pre-training on a larger collection, "
    f"with a sixth convolution, brought {min(before, key=lambda p: p[1])[1]:.2f}."
)

# %% [markdown]
# ### What was each idea worth?
#
# The paper gives a gain for three of its ideas. In each case the notes hold a run with the idea and one without. Here is each gain beside its standard error, with the number of pictures it was measured on.

# %%
gains = [match for match in lab.matches() if len(match.runs) == 2]
assert all(match.fits for match in gains)
print("top-5 error, points           paper  notes  standard errors  run without it began")
for match in gains:
    without, with_it = (lab.error(name, TEN)[1] for name in match.runs)
    measured = next(r["set"] for r in lab[match.runs[0]]["results"] if r["views"] == TEN)
    units = surprise(without, with_it, pictures[measured])
    start = lab[match.runs[0]]["started"]
    print(
        f"{match.paper[13:]:29} {match.published[1]:5.1f} {match.noted[1]:6.2f} {units:13.1f}"
        f"      {start:>20}"
    )
late = all(date.fromisoformat(lab[match.runs[0]]["started"]) > deadline for match in gains)
say(
    f"Paper and notes agree{cite('krizhevsky2012', at='sections 3.2 to 3.4')}. Of the gains, that of "
    "overlapping pooling is small beside the scatter of the pictures"
    + (
        ", and all three were measured after the entry was handed in. They explain the winner; they "
        "did not choose it."
        if late
        else "."
    )
)

# %% [markdown]
# Two networks that differ only in their random start differ a little too, and each of these runs was made once. The notes do not tell how large that scatter is. In the lesson [Train it](train-it.ipynb) such a thing is measured on a toy.
#
# ## Exercises
#
# 1. The eight best entries without a deep network lie within little more than a point. Which neighbours among them can be told apart, at two standard errors?
# 2. How large would the test have to be, for the lead of 2015 to reach two standard errors?
# 3. Averaging five networks took 18.2 to 16.4. Extra pictures, with a sixth convolution, took a single network to 16.6. Compare the two shares of mistakes removed. Which is the better bargain, and what does each of them cost?
#
# <details><summary>Answers</summary>
#
# 1. Sort the grey entries and call `surprise` on each with the next. Only the first two, both from ISI, are two standard errors apart. The rest of that crowd is a row of ties.
# 2. The lead is 0.014 points at an error near 3.6. You need √2 times the standard error to be 0.007 points, so *n* = 2 × 0.036 × 0.964 / 0.00007², about 14 million pictures.
# 3. Both remove about a tenth of the mistakes. Five networks cost five times the work for every picture, for ever. The extra pictures cost once, but a great deal: the labels, and a longer training.
#
# </details>
#
# **Next:** the story behind the numbers, in [ImageNet 2012: the win](../story/imagenet-2012.md).
#
# ## Sources

# %%
lesson.sources()
