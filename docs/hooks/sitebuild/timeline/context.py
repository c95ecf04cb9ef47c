"""What pages may call about the timeline."""

from __future__ import annotations

from sitebuild.expand.page import Names, Page
from sitebuild.timeline import band, listing, paper, turns


def context(page: Page) -> Names:
    """The functions by the name that a page calls them by."""
    timeline = page.site.timeline
    return {
        "home_steps": lambda: page.block(
            listing.home_steps(timeline, page.to_root), listing.plain_steps(page)
        ),
        "turning_points": lambda: turns.story(page),
        "timeline_band": lambda: page.block(band.band(timeline)),
        "timeline_count": lambda: str(len(timeline.events)),
        "timeline_index": lambda: listing.timeline_index(page),
        "chapter": lambda name: listing.chapter(page, name),
        "timeline_downloads": lambda: page.block(
            listing.downloads(page.to_root, paper.printed(page.site)), listing.plain_downloads()
        ),
        "wall_chart": lambda: page.block(
            listing.poster(page.to_root, len(timeline.events)),
            f"[The wall chart](assets/timeline/{listing.POSTER})",
        ),
        "timeline_script": lambda: page.block(listing.script(page.to_root)),
        "tours": lambda: listing.tours(page),
    }
