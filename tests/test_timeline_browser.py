"""The timeline in a real browser: with and without a script, by keyboard, on a phone, on paper."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.serving import serve_folder
from tests.timeline_events import THEMES, crowd, timeline

from sitekit import layout  # isort: skip
from sitekit import timeline as pages  # isort: skip
from tests.test_timeline import OURS, SOURCES  # isort: skip

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ASSETS = ROOT / "docs" / "assets"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COUNT = len(OURS.events)
CURRENT = "#tl-reader h3"
SHOWN = ".tl-list > li:not([hidden])"
# Rectangles of everything named on the band that a reader can see.
BOXES = """() => [...document.querySelectorAll('.tl-svg text, .tl-svg a path')]
  .filter(node => node.checkVisibility()).map(node => {
    const box = node.getBoundingClientRect();
    return [node.textContent, box.left, box.top, box.right, box.bottom];
  })"""


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A fresh page; fails the test on an error in its scripts."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda m: m.type == "error" and trouble.append(m.text))
    page.on("pageerror", lambda e: trouble.append(str(e)))
    yield page
    context.close()
    assert trouble == []


def visit(page: Any, served: str, rest: str = "") -> None:
    page.goto(f"{served}timeline/{rest}", wait_until="load")
    page.wait_for_selector(".tl--live")


def status(page: Any) -> str:
    return str(page.locator("#tl-status").inner_text())


def test_without_a_script_everything_is_there(chromium: Any, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "timeline/#alexnet-wins")
    assert page.locator(SHOWN).count() == COUNT
    assert page.locator(".tl-svg a").count() == COUNT
    assert page.locator(".tl-svg").is_visible()
    assert not page.locator("#tl-controls").is_visible()
    assert not page.locator("#tl-reader").is_visible()
    assert page.locator("#alexnet-wins h3").is_visible()
    top = page.locator("#alexnet-wins").bounding_box()["y"]
    assert 0 <= top < 400
    page.goto(served + "tours/#alexnet-in-ten-steps-1")
    page.locator("#alexnet-in-ten-steps-1 .more").click()
    assert page.url.endswith("#alexnet-in-ten-steps-2")
    context.close()


def test_counts_of_every_filter_equal_the_data(page: Any, served: str) -> None:
    visit(page, served)
    assert status(page) == f"{COUNT} events"
    for theme in THEMES:
        own = sum(event.theme == theme for event in OURS.events)
        button = page.locator(f"#tl-controls button[data-theme={theme}]")
        assert button.locator("span").inner_text() == str(own)
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert page.locator(SHOWN).count() == own
        assert status(page) == f"{own} of {COUNT} events"
        assert f"theme={theme}" in page.url
        button.click()
    for person in ("Ilya Sutskever", "Yoshua Bengio", "Dan Cireşan"):
        page.select_option("#tl-person", person)
        own = sum(person in event.people for event in OURS.events)
        assert own > 1
        assert page.locator(SHOWN).count() == own
    page.locator("#tl-controls button[type=reset]").click()
    assert page.locator(SHOWN).count() == COUNT
    assert "?" not in page.url


def test_search_finds_words_without_accents_or_case(page: Any, served: str) -> None:
    visit(page, served)
    page.fill("#tl-q", "CIRESAN gaming")
    page.wait_for_function("location.search.includes('q=')")
    assert page.locator(SHOWN).evaluate_all("all => all.map(x => x.id)") == ["ciresan-2010"]
    assert page.locator("h2.tl-era:visible").count() == 1
    page.fill("#tl-q", "no such thing at all")
    page.wait_for_function("document.querySelector('#tl-status').textContent.startsWith('0 of')")
    assert page.locator(SHOWN).count() == 0


def test_a_sent_view_opens_the_same(page: Any, served: str) -> None:
    visit(page, served, "?theme=hardware,data&zoom=2&q=nvidia")
    own = [event for event in OURS.events if event.theme in ("hardware", "data")]
    assert 0 < page.locator(SHOWN).count() < len(own)
    assert page.locator("#tl-controls [aria-pressed=true]").count() == 2
    assert page.input_value("#tl-q") == "nvidia"
    assert page.locator(".tl-svg").get_attribute("width") == f"{layout.WIDTH * 2:.0f}"


def test_a_broken_address_is_put_right(page: Any, served: str) -> None:
    visit(page, served, "?theme=art,%3Cb%3E&zoom=99&person=%3Cimg%20src%3Dx%3E#no-such-event")
    assert page.locator(SHOWN).count() == COUNT
    assert page.locator(".tl-svg").get_attribute("width") == f"{layout.WIDTH:.0f}"


def test_a_link_to_an_event_opens_it(page: Any, served: str) -> None:
    visit(page, served, "#neocognitron")
    assert page.locator(CURRENT).inner_text() == "The neocognitron"
    assert page.locator("#neocognitron").get_attribute("aria-current") == "true"
    assert 0 <= page.locator("#neocognitron").bounding_box()["y"] < 500
    visit(page, served, "?theme=hardware#lstm")  # the view would hide it, so the view gives way
    assert page.locator("#lstm").is_visible()


def test_back_returns_to_the_event_before(page: Any, served: str) -> None:
    visit(page, served)
    for name in ("cuda", "dropout"):
        page.locator(f'.tl-svg a[href="#{name}"]').click()
        assert page.url.endswith(f"#{name}")
    page.go_back()
    page.wait_for_function("location.hash === '#cuda'")
    assert page.locator(CURRENT).inner_text() == "NVIDIA unveils CUDA"
    page.go_forward()
    page.wait_for_function("location.hash === '#dropout'")
    assert page.locator(CURRENT).inner_text() == "Dropout"


def test_the_band_is_one_stop_and_arrows_walk_it(page: Any, served: str) -> None:
    visit(page, served, "#dropout")
    assert page.locator('.tl-svg a[tabindex="0"]').count() == 1
    assert page.locator("#tl-band").get_attribute("tabindex") is None
    page.locator("#tl-controls button[type=reset]").focus()
    page.keyboard.press("Tab")
    here = "document.activeElement.getAttribute('href')"
    assert page.evaluate(here) == "#dropout"
    ordered = [e.id for e in sorted(OURS.events, key=lambda e: e.moment)]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(here) == f"#{ordered[ordered.index('dropout') + 1]}"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(here) == f"#{ordered[ordered.index('dropout') - 1]}"
    page.keyboard.press("End")
    assert page.evaluate(here) == "#brainscore-2026"
    assert page.locator(CURRENT).inner_text() == OURS["brainscore-2026"].title
    page.keyboard.press("Home")
    assert page.evaluate(here) == "#mcculloch-pitts"
    page.keyboard.press("ArrowUp")
    assert OURS[page.evaluate(here)[1:]].theme == "data"
    page.keyboard.press("Enter")
    assert page.url.endswith(page.evaluate(here))
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('#tl-reader'))")


def test_buttons_do_what_dragging_does(page: Any, served: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, served)
    place = "document.querySelector('#tl-band').scrollLeft"
    start = page.evaluate(place)
    assert start > 0  # it opens at the year of AlexNet
    page.locator("[data-do=later]").click()
    assert page.evaluate(place) > start
    page.locator("[data-do=earlier]").click()
    page.locator("[data-do=earlier]").click()
    assert page.evaluate(place) < start
    page.locator("[data-do=in]").click()
    assert "zoom=2" in page.url
    page.locator("[data-do=out]").click()
    assert "zoom" not in page.url
    page.select_option("#tl-era", "first-ideas")
    assert page.locator(CURRENT).inner_text() == "A neuron made of logic"
    page.get_by_role("button", name="Next event").click()
    assert page.locator(CURRENT).inner_text() == "A rule for learning"
    assert status(page).endswith("A rule for learning")


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_only_the_band_scrolls_sideways(page: Any, served: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for rest in ("", "?zoom=8", "?theme=people#nobel"):
        visit(page, served, rest)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def overlaps(boxes: list[Any]) -> list[tuple[str, str]]:
    found = []
    for i, (name, left, top, right, bottom) in enumerate(boxes):
        for other, left2, top2, right2, bottom2 in boxes[i + 1 :]:
            across = min(right, right2) - max(left, left2)
            down = min(bottom, bottom2) - max(top, top2)
            if across > 0.5 and down > 2 and name + other:
                found.append((name, other))
    return found


@pytest.mark.parametrize("rest", ["", "?zoom=4"])
def test_no_name_covers_anything(page: Any, served: str, rest: str) -> None:
    visit(page, served, rest)
    boxes = page.evaluate(BOXES)
    assert len(boxes) > COUNT
    assert overlaps(boxes) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_accessible_in_every_state(chromium: Any, served: str, scheme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `make test`, or `npm ci --ignore-scripts`")
    context = chromium.new_context(
        color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    options = {
        "runOnly": {"type": "tag", "values": TAGS},
        "rules": {"target-size": {"enabled": True}},
    }
    for rest in ("", "?theme=model,people&zoom=4#lstm", "?q=nothing-at-all"):
        visit(page, served, rest)
        page.add_script_tag(path=str(AXE))
        result = page.evaluate("options => axe.run(document, options)", options)
        found = [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in result["violations"]]
        assert found == [], (rest, scheme, width)
    context.close()


def test_the_script_lays_out_as_the_build_does(page: Any, served: str) -> None:
    events = [event for event in crowd(300) if "Z̷̨" not in event.title]
    visit(page, served)
    items = [
        {"id": e.id, "moment": e.moment, "theme": e.theme, "importance": e.importance,
         "title": e.title} for e in events
    ]  # fmt: skip
    there = page.evaluate(
        """async ([items, width]) => {
          const { draw } = await import(new URL('../assets/js/timeline/layout.js', location.href));
          const scale = JSON.parse(document.querySelector('#tl').dataset.scale);
          return draw(items, scale, width, 2);
        }""",
        [items, layout.WIDTH],
    )
    here = layout.draw(events)
    assert there["height"] == pytest.approx(here.height)
    ours = {p.event.id: p for p in here.places}
    assert len(there["places"]) == len(ours)
    for place in there["places"]:
        own = ours[place["id"]]
        assert (place["x"], place["y"]) == (pytest.approx(own.x, abs=0.01), own.y)
        assert (place["label"], place["flipped"]) == (own.label, own.flipped)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bare page with a thousand generated events and the real style sheets and script."""
    folder = tmp_path_factory.mktemp("crowd")
    shutil.copytree(ASSETS / "css", folder / "assets" / "css")
    shutil.copytree(ASSETS / "js", folder / "assets" / "js")
    told = timeline(crowd(1000))
    sheets = "".join(
        f'<link rel="stylesheet" href="assets/css/{name}.css">'
        for name in ("tokens", "base", "timeline")
    )
    (folder / "index.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A crowd</title>'
        '<link rel="icon" href="data:,">'
        f'{sheets}<body class="md-typeset" data-md-color-scheme="default">{pages.band(told)}'
        f'<h2 id="era-all">All</h2><p>All</p>{pages.era_list(told, told.eras[0], SOURCES, {})}'
        f"{pages.script('')}</body></html>",
        encoding="utf-8",
    )
    with serve_folder(folder) as address:
        yield address


def test_a_thousand_wild_events_stay_text_and_apart(page: Any, crowded: str) -> None:
    page.goto(crowded)
    page.wait_for_selector(".tl--live")
    assert page.locator(SHOWN).count() == 1000
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, .tl-list script").count() == 0
    wild = page.locator(".tl-list h3").evaluate_all("all => all.map(x => x.textContent)")
    assert "<script>window.hacked = 1</script>" in wild
    assert overlaps(page.evaluate(BOXES)) == []
    for _ in range(3):
        page.locator("[data-do=in]").click()
    assert overlaps(page.evaluate(BOXES)) == []
    page.keyboard.press("Tab")
    page.locator('.tl-svg a[tabindex="0"]').focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("window.hacked") is None
    assert page.locator("#tl-reader img, #tl-reader script").count() == 0


def test_on_paper_a_wall_chart_and_a_list(page: Any, served: str) -> None:
    visit(page, served)
    pdf = page.pdf(prefer_css_page_size=True)
    sizes = [
        tuple(round(float(n) / 72 * 25.4) for n in found.split())
        for found in re.findall(r"/MediaBox \[0 0 ([\d. ]+)\]", pdf.decode("latin-1"))
    ]
    assert sizes.count((420, 297)) == 1
    assert len(sizes) > 8
    assert set(sizes) == {(420, 297), (210, 297)}
    page.emulate_media(media="print")
    assert not page.locator("#tl-controls").is_visible()
    assert page.locator(SHOWN).count() == COUNT


def test_pages_of_the_story_show_their_events(page: Any, served: str, site: Path) -> None:
    nav = yaml.safe_load((ROOT / "docs" / "data" / "events.yml").read_text(encoding="utf-8"))
    told = {name for row in nav for name in row.get("pages", ())}
    for name in told:
        page.goto(served + name.replace(".md", "/"))
        assert 1 <= page.locator(".tl-strip li").count() <= 5
    page.locator(".tl-strip a").first.click()
    page.wait_for_selector(".tl--live")
    assert page.locator(".tl-list > li[aria-current]").count() == 1


def test_the_files_to_take_away_are_there(site: Path) -> None:
    for name, _, _ in pages.DOWNLOADS:
        assert (site / "assets" / "timeline" / name).stat().st_size > 10_000
