"""What pages may call about the live network and the sample photographs."""

from __future__ import annotations

from sitebuild.expand.page import Names, Page
from sitebuild.live import gallery, live_page


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    samples = page.site.samples
    return {
        "sample_gallery": lambda: page.block(
            gallery.gallery(samples, page.to_root), gallery.plain(samples.rows)
        ),
        "sample_strip": lambda: page.block(
            gallery.strip(samples, page.to_root), gallery.plain(gallery.shown(samples))
        ),
        "sample_score": lambda: gallery.score(samples),
        "model_accuracy": lambda: gallery.accuracy(samples, page.site.tables["precisions"]),
        "live": lambda: page.block(live_page.body(page.site, page.to_root), live_page.PLAIN),
    }
