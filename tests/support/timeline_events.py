"""Events that nobody would write, for tests of the timeline: odd dates, wild titles, any number."""

from __future__ import annotations

import random
from datetime import date

from hypothesis import strategies as st

from sitebuild.data.events import THEMES, Era, Event, Timeline
from sitebuild.data.facts import GRADES

WILD = (
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    "<b>bold</b> & *starred* [link](javascript:alert(1)) {= fact('x') =}",
    "مرحبا بالعالم والشبكات العصبية",
    "שלום עולם, רשת עצבית",
    "神経回路網の長い歴史についての非常に長い題名です",
    "🎉🎉🎉 a party of 🧠 and 🐈 in a long, long title",
    "Z̷̨a̵l̶g̴o̸ ẗ́ë́ẍ́ẗ́",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    "a",
)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
dates = st.one_of(
    st.integers(1900, 2100).map(str),
    DAYS.map(lambda d: f"{d:%Y-%m}"),
    DAYS.map(lambda d: d.isoformat()),
    st.sampled_from(["1943", "2012", "2012-02-29", "2012-12", "2012-12-31", "2000-02", "2026-12"]),
)
titles = st.one_of(
    st.sampled_from(WILD),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=120),
)


@st.composite
def event_lists(draw: st.DrawFn, most: int = 60) -> tuple[Event, ...]:
    """Up to ``most`` events with ids of their own."""
    rows = draw(
        st.lists(
            st.tuples(
                dates,
                titles,
                titles,
                st.sampled_from(list(THEMES)),
                st.integers(1, 3),
                st.sampled_from(list(GRADES)),
                st.lists(titles, max_size=2),
            ),
            min_size=1,
            max_size=most,
        )
    )
    return tuple(
        Event(f"e{i}", when, title, text, theme, weight, tuple(who), ("source",), grade)
        for i, (when, title, text, theme, weight, grade, who) in enumerate(rows)
    )


def crowd(count: int, seed: int = 2012) -> tuple[Event, ...]:
    """Many events, most of them in the years of the lens, with wild titles among them."""
    dice = random.Random(seed)
    events = []
    for i in range(count):
        year = dice.choice([*range(1943, 2027), *[2012] * 30, *range(2009, 2016)])
        when = dice.choice([f"{year}", f"{year}-{dice.randint(1, 12):02}", f"{year}-10-{13:02}"])
        title = dice.choice([*WILD, f"An event that somebody wrote down, number {i}"])
        theme = dice.choice(list(THEMES))
        weight = dice.choice([1, 1, 1, 1, 2, 2, 3])
        who = (dice.choice(WILD), "Ada Lovelace") if dice.random() < 0.3 else ()
        events.append(
            Event(f"e{i}", when, title, f"{title}.", theme, weight, who, ("source",), "documented")
        )
    return tuple(sorted(events, key=lambda e: (e.date, e.id)))


def timeline(events: tuple[Event, ...]) -> Timeline:
    """The events in one era that holds everything."""
    return Timeline(events, (Era("all", 1900, 2100, "All <b>of</b> *it*", "One <i>era</i>."),))
