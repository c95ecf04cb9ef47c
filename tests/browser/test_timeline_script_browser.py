"""The timeline's script beside its build: the same layout, the same dates, views that survive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitebuild.timeline import layout
from tests.support.timeline_events import THEMES, WILD, Event, crowd
from tests.support.timeline_page import opened, visit
from tests.unit.test_timeline import OURS

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Any, served: str) -> Iterator[Any]:
    with opened(chromium, served) as page:
        yield page


def in_module(page: Any, served: str, name: str, code: str, data: Any) -> Any:
    """Call a function of one of the timeline's modules, with ``data``."""
    if not page.url.startswith(served):
        page.goto(f"{served}timeline/")
    return page.evaluate(
        f"""async data => {{
          const module = await import(new URL('../assets/js/timeline/{name}.js', location.href));
          return ({code})(data);
        }}""",
        data,
    )


def test_the_script_lays_out_as_the_build_does(page: Any, served: str) -> None:
    events = [event for event in crowd(300) if "Z̷̨" not in event.title]
    visit(page, served)
    items = [
        {"id": e.id, "moment": e.moment, "theme": e.theme, "importance": e.importance,
         "title": e.title} for e in events
    ]  # fmt: skip
    there = in_module(
        page,
        served,
        "layout",
        """([items, width]) => {
          return module.draw(items, module.SCALE, width, 2);
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


def test_the_script_has_the_numbers_of_the_build(page: Any, served: str) -> None:
    there = in_module(page, served, "layout", "() => module.SCALE", None)
    assert there == json.loads(json.dumps(layout.shared()))


def test_the_script_reads_dates_as_the_build_does(page: Any, served: str) -> None:
    dates = sorted(
        {e.date for e in (*crowd(300), *OURS.events)} | {"2012-02-29", "1900", "2000-12"}
    )
    there = in_module(page, served, "layout", "all => all.map(module.decimalYear)", dates)
    here = [Event("x", d, "t", "t", "data", 1, (), (), "documented").moment for d in dates]
    assert there == pytest.approx(here, abs=1e-9)


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
VIEWS = st.fixed_dictionaries(
    {
        "themes": st.lists(st.sampled_from(list(THEMES)), unique=True),
        "people": st.lists(st.sampled_from([*WILD, "Ada Lovelace"]), unique=True),
        "query": WORDS,
        "zoom": st.sampled_from([1, 2, 4, 8]),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(VIEWS, min_size=8, max_size=8), st.lists(WORDS, min_size=8, max_size=8))
def test_any_view_survives_the_address(
    page: Any, served: str, views: list[dict[str, Any]], noise: list[str]
) -> None:
    """What is written is read back the same; what is no view is read as some view."""
    there = in_module(
        page,
        served,
        "state",
        """([views, noise, known]) => {
          const flat = view => ({
            ...view, themes: [...view.themes].sort(), people: [...view.people].sort(),
          });
          const full = view => ({
            ...view, themes: new Set(view.themes), people: new Set(view.people),
          });
          return [
            views.map(view => flat(module.read(module.write(full(view)), known))),
            views.map(view => flat(full(view))),
            noise.map(words => flat(module.read(`?theme=${words}&person=${words}&zoom=${words}`, known))),
          ];
        }""",
        [views, noise, {"themes": list(THEMES), "people": [*WILD, "Ada Lovelace"]}],
    )
    assert there[0] == there[1]
    for view in there[2]:
        assert set(view["themes"]) <= set(THEMES)
        assert set(view["people"]) <= {*WILD, "Ada Lovelace"}
        assert view["zoom"] in (1, 2, 4, 8)
