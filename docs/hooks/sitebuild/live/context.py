"""What pages may call about the live network and the sample photographs."""

from __future__ import annotations

from sitebuild.data.tables import class_labels
from sitebuild.expand.page import Names, Page
from sitebuild.live import gallery, ladder, learning, live_page, reliability


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    site = page.site
    samples, tables = site.samples, site.tables
    record = tables["learning"]
    folder, facts = page.site.docs / "assets" / "learning", page.site.facts
    peaks = [
        ("One processor of the time, all four cores of a Core i7-2600K", "cpu_peak",
         "its peak, estimated from its clock"),
        ("The card of 2012, a GTX 580", "gtx_speed", "its peak as published"),
    ]  # fmt: skip
    return {
        "sample_gallery": lambda: page.block(
            gallery.gallery(
                samples, page.to_root, tables["portraits"]["classes"], class_labels(site.docs)
            ),
            gallery.plain(samples.rows),
        ),
        "sample_pair": lambda: page.block(
            gallery.strip(gallery.pair(samples), page.to_root), gallery.plain(gallery.pair(samples))
        ),
        "sample_strip": lambda: page.block(
            gallery.strip(gallery.shown(samples), page.to_root),
            gallery.plain(gallery.shown(samples)),
        ),
        "sample_score": lambda: gallery.score(samples),
        "model_accuracy": lambda: gallery.accuracy(samples, tables["precisions"]),
        "photograph_score": lambda: gallery.photographs(tables["photographs"]),
        "figure_reliability": lambda: page.figure(reliability.figure(tables)),
        "reliability_count": lambda: f"{tables['reliability']['count']:,}",
        "reliability_words": lambda: reliability.words(
            tables["reliability"], tables["photographs"]
        ),
        "learn": lambda: page.block(
            learning.body(record, folder, facts["gtx_speed"].number, page.to_root), learning.PLAIN
        ),
        "learn_own": lambda: page.block(learning.own(), learning.PLAIN_OWN),
        "learn_race": lambda: page.block(
            learning.race(
                folder, 0, [(name, float(facts[key].number), how) for name, key, how in peaks]
            ),
            learning.PLAIN_RACE,
        ),
        "learn_eighty": lambda: page.block(
            learning.race(folder, int(facts["cifar_training"].value)), learning.PLAIN_RACE
        ),
        "learning": lambda name: learning.numbers(record, folder)[name],
        "learned": lambda setting, which="test": learning.words(record, setting, which),
        "figure_learning": lambda: page.figure(learning.run_figure(tables)),
        "figure_learning_switches": lambda: page.figure(learning.switches_figure(tables)),
        "ladder": lambda: page.block(ladder.page(site, page.to_root), ladder.plain(site)),
        "ladder_wins": lambda: page.block(ladder.wins(site, page.to_root)),
        "ladder_classes": lambda: page.table(ladder.classes_table(site)),
        "ladder_samples": lambda: page.table(ladder.samples_table(site)),
        "ladder_scores": lambda: page.table(ladder.scores_table(site)),
        "ladder_gains": lambda: page.table(ladder.gains_table(site)),
        "ladder_speed_words": lambda: ladder.speed_words(site),
        "ladder_costs": lambda: page.table(ladder.costs_table(site)),
        "ladder_ingredients": lambda: page.table(ladder.ingredients_table(site)),
        "ladder_number": lambda name: ladder.number(site, name),
        "figure_ladder": lambda: page.figure(ladder.pictures_figure(site)),
        "live": lambda: page.block(live_page.body(page.site, page.to_root), live_page.PLAIN),
    }
