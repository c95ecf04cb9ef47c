"""What pages may call about the live network and the sample photographs."""

from __future__ import annotations

from sitebuild.expand.page import Names, Page
from sitebuild.live import gallery, learning, live_page


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    samples, tables = page.site.samples, page.site.tables
    record = tables["learning"]
    step = page.site.docs / "assets" / "learning" / "shapes.onnx"
    return {
        "sample_gallery": lambda: page.block(
            gallery.gallery(samples, page.to_root), gallery.plain(samples.rows)
        ),
        "sample_strip": lambda: page.block(
            gallery.strip(samples, page.to_root), gallery.plain(gallery.shown(samples))
        ),
        "sample_score": lambda: gallery.score(samples),
        "model_accuracy": lambda: gallery.accuracy(samples, tables["precisions"]),
        "learn": lambda: page.block(
            learning.body(record, page.site.facts["gtx_speed"].number, page.to_root), learning.PLAIN
        ),
        "learning": lambda name: learning.numbers(record, step)[name],
        "learned": lambda setting, which="test": learning.words(record, setting, which),
        "figure_learning": lambda: page.figure(learning.run_figure(tables)),
        "figure_learning_switches": lambda: page.figure(learning.switches_figure(tables)),
        "live": lambda: page.block(live_page.body(page.site, page.to_root), live_page.PLAIN),
    }
