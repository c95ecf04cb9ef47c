"""The story pages: their length and shape, and figures that agree with the data."""

from __future__ import annotations

import re
from typing import Any

import markdown
import pytest

from sitebuild.data.memory import ledger
from sitebuild.errors import ContentError
from sitebuild.expand.page_end import cite_box
from sitebuild.expand.terms import Terms, mark
from sitebuild.reference.glossary import check as check_glossary
from sitebuild.reference.one_step import step_figure
from sitebuild.story.figures import (
    averaging,
    calendar,
    compute,
    crowd,
    gpus,
    leaderboard,
    multiplications,
)
from sitebuild.story.filters import FILTERS, picture, slide
from sitebuild.story.myths import VERDICTS, check
from sitebuild.story.people import check as check_people
from tests.unit.test_site_content import (
    BIBLIOGRAPHY,
    DOCS,
    FACTS,
    ILSVRC,
    TABLES,
    TIMELINE,
    TITLES,
    rendered,
    source,
)

# --- the contest ---------------------------------------------------------------------------------


def test_the_leaderboard_shows_every_entry() -> None:
    html = leaderboard(TABLES).html("")
    for row in ILSVRC["entries_2012"]:
        assert f"<td class=num>{row['error']:.3f}</td>" in html
        assert html.count(f"<td>{row['file']}</td>") == 1
    assert len(ILSVRC["entries_2012"]) == 16
    assert len({row["team"] for row in ILSVRC["entries_2012"]}) == 6


def test_facts_of_the_contest_agree_with_the_list() -> None:
    rows = ILSVRC["entries_2012"]
    low, high = crowd(rows)
    errors = sorted(row["error"] for row in rows)
    assert FACTS["crowd_spread"].value == round(high - low, 2)
    assert FACTS["weakest_error"].value == round(errors[-1], 1)
    assert FACTS["fair_cut"].value == round(100 * (errors[2] - errors[1]) / errors[2])


def test_what_the_team_reports_agrees_with_the_list() -> None:
    ours = {row["id"]: row for row in ILSVRC["supervision_2012"]}
    errors = sorted(row["error"] for row in ILSVRC["entries_2012"])
    assert ours["seven-extra"]["top5_test"] == round(errors[0], 1)
    assert ours["five"]["top5_test"] == round(errors[1], 1)
    assert ours["one"]["top5_val"] == FACTS["single_error"].value
    assert "about 8 points ahead" in averaging(TABLES).title


# --- processors and compute ------------------------------------------------------------------------


def test_growth_of_processors_agrees_with_the_table() -> None:
    rows = {row["id"]: row for row in TABLES["gpus"]["rows"]}
    old, new = rows["gtx580"], rows["h200"]
    assert FACTS["fp32_growth"].value == round(new["fp32"] / old["fp32"])
    assert FACTS["matrix_growth"].value == round(new["matrix16"] / old["fp32"])
    assert FACTS["memory_growth"].value == round(new["memory"] / old["memory_alexnet"])
    assert FACTS["bandwidth_growth"].value == round(new["bandwidth"] / old["bandwidth"])
    assert f"{FACTS['fp32_growth'].value} times faster" in gpus(TABLES).title


def test_compute_agrees_with_the_table() -> None:
    rows = {row["id"]: float(row["flop"]) for row in TABLES["compute"]["rows"]}
    assert float(f"{rows['alexnet']:.2g}") == FACTS["alexnet_compute"].value
    assert float(f"{rows['cat']:.2g}") == FACTS["cat_compute"].value
    assert float(f"{rows['grok3']:.2g}") == FACTS["grok_compute"].value
    assert float(f"{rows['gpt3'] / rows['alexnet']:.2g}") == FACTS["gpt3_ratio"].value
    # five and a half days on two cards
    peak = 2 * TABLES["gpus"]["rows"][2]["fp32"] * 1e12 * 5.5 * 86400
    assert FACTS["peak_share"].value == round(100 * rows["alexnet"] / peak)
    early = [row for row in TABLES["compute"]["rows"] if "2012-06" < row["date"] < "2017-10-18"]
    above = [row["id"] for row in early if float(row["flop"]) > 30 * rows["alexnet"]]
    assert 12 <= len(above) <= TABLES["compute"]["early"]["above_thirty"]
    figure = compute(TABLES)
    growth = float(f"{rows['gnmt'] / rows['alexnet']:.2g}")
    assert f"about {growth:,.0f} times" in figure.title
    assert "don't read a trend from it" in figure.source


def amount(name: str) -> float:
    value = FACTS[name].value
    assert not isinstance(value, str)
    return value


def test_the_estimate_of_a_processor_is_its_own_arithmetic() -> None:
    cores, clock_ghz, operations_a_tick = 4, 3.4, 16
    peak = cores * clock_ghz * operations_a_tick / 1000  # trillion operations a second
    cards = 2 * TABLES["gpus"]["rows"][2]["fp32"]
    assert FACTS["cpu_peak"].value == round(peak, 2)
    assert FACTS["gpu_gain"].value == round(cards / peak)
    assert FACTS["cpu_days"].value == round(5.5 * cards / peak, -1)
    assert FACTS["training_energy"].value == round(2 * amount("card_watts") * 5.5 * 24 / 1000)
    by_time = amount("cat_cores") * 1e9 * amount("cat_days") * 86400
    assert float(f"{by_time:.0e}") == FACTS["cat_by_time"].value


def test_every_processor_and_network_has_a_source() -> None:
    for row in TABLES["gpus"]["rows"]:
        assert set(row["sources"]) <= set(BIBLIOGRAPHY), row["id"]
    assert set(TABLES["compute"]["sources"]) <= set(BIBLIOGRAPHY)


def test_shares_of_the_layers() -> None:
    rows = TABLES["layers"]["rows"]
    dense = sum(row["params"] for row in rows if row["layer"].startswith("fc"))
    assert FACTS["fc_share"].value == round(100 * dense / sum(row["params"] for row in rows))


# --- memory --------------------------------------------------------------------------------------


def test_the_ledger_counts_what_it_says() -> None:
    layers = TABLES["layers"]
    assert sum(row["params"] for row in layers["rows"]) == FACTS["parameters"].value
    assert layers["batch"] == FACTS["batch_size"].value
    small = {
        "batch": 2,
        "bytes_per_number": 4,
        "rows": [
            {"layer": "pictures", "out": [10, 10, 3], "params": 0, "cards": "each"},
            {"layer": "a", "out": [5, 5, 2], "params": 100, "cards": "both"},
            {"layer": "b", "out": [1, 1, 10], "params": 1000, "cards": "one"},
        ],
    }
    sums = ledger(small)
    # parameters: 3 copies of 1,100 numbers; maps: 300 once, 50 and 10 twice, for 2 pictures
    assert sums["whole"]["parameters"] == pytest.approx(3 * 1100 * 4 / 1e9)
    assert sums["whole"]["maps"] == pytest.approx((300 + 2 * 60) * 2 * 4 / 1e9)
    assert sums["second"]["parameters"] == pytest.approx(3 * 50 * 4 / 1e9)
    assert sums["second"]["maps"] == pytest.approx((300 + 2 * 25) * 2 * 4 / 1e9)


# --- the sale, and the myths ---------------------------------------------------------------------


def test_the_price_is_never_given_without_its_author() -> None:
    for page in (DOCS / "story").glob("*.md"):
        for paragraph in source(page).split("\n\n"):
            if "auction_millions" in paragraph:
                assert "Metz" in paragraph, page
    for myth in TABLES["myths"]:
        if "auction_millions" in myth["claim"] + myth["text"]:
            assert "Metz" in myth["text"]


def test_every_step_of_the_sale_has_a_source() -> None:
    for row in TABLES["dnnresearch"]["rows"]:
        assert set(row["sources"]) <= set(BIBLIOGRAPHY), row
        assert row["sources"], row


def test_there_are_twenty_myths_each_whole() -> None:
    myths = TABLES["myths"]
    check(myths, BIBLIOGRAPHY)
    assert len(myths) >= 20
    assert all(myth["text"].strip() and myth["sources"] for myth in myths)


def test_the_quiz_of_the_myths_asks_for_each_verdict() -> None:
    html = rendered("{= myths_quiz() =}", "story/myths.md").markdown
    rights = re.findall(r'<li data-right="(\d)">', html)
    assert len(rights) == len(TABLES["myths"])
    verdicts = [list(VERDICTS).index(myth["verdict"]) + 1 for myth in TABLES["myths"]]
    assert [int(right) for right in rights] == verdicts
    for myth in TABLES["myths"]:
        assert f'<a href="#{myth["id"]}">' in html


def test_no_number_is_typed_in_a_myth() -> None:
    for myth in TABLES["myths"]:
        text = re.sub(r"\{=.*?=\}", " ", myth["claim"] + " " + myth["text"]).replace("GTX 580", "")
        assert re.findall(r"\d[\d.,]*\d", text) == [], myth["id"]


def test_each_myth_has_its_own_anchor() -> None:
    text = rendered("{= myths() =}").markdown
    for myth in TABLES["myths"]:
        assert text.count(f"{{ #{myth['id']} .myth }}") == 1
    assert text.count("myth-verdict--") == len(TABLES["myths"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "maybe"}, "unknown verdict or grade"),
        ({"sources": []}, "needs a source"),
        ({"id": "No anchor"}, "is no anchor"),
        ({"sources": ["krizhevski2012"]}, "did you mean"),
    ],
)
def test_a_broken_myth_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ContentError, match=message):
        check([{**TABLES["myths"][0], **change}], BIBLIOGRAPHY)


# --- how to cite ---------------------------------------------------------------------------------


def test_a_page_says_how_to_cite_it() -> None:
    html = cite_box("A & B", "story/a-b/")
    assert "<cite>A &amp; B</cite>" in html
    assert "@misc{alexnetmoment-ab," in html


# --- people --------------------------------------------------------------------------------------


def test_every_person_asked_for_is_there_and_types_no_number() -> None:
    people = TABLES["people"]
    check_people(people, TIMELINE)
    names = " ".join(person["name"] for person in people)
    for name in (
        *("Krizhevsky", "Sutskever", "Hinton", "Fei-Fei Li", "Deng", "Russakovsky", "LeCun"),
        *("Cireşan", "Schmidhuber", "Fukushima"),
    ):
        assert name in names
    for person in people:
        text = re.sub(r"\{=.*?=\}", "", person["text"] + person["role"], flags=re.DOTALL)
        assert re.findall(r"\d{2,}", text) == [], person["id"]


def test_people_lead_to_their_filter_on_the_timeline() -> None:
    html = rendered("{= people() =}", "story/people.md").markdown
    assert "../../timeline/?person=Dan%20Cire%C5%9Fan" in html
    count = sum("Alex Krizhevsky" in event.people for event in TIMELINE.events)
    assert f">All {count} events</a>" in html


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ["Alex Krizevsky"]}, 'did you mean "Alex Krizhevsky"'),
        ({"text": "No note."}, "has no note"),
        ({"group": "heroes"}, 'unknown group "heroes"'),
        ({"id": "No anchor"}, "is no anchor"),
    ],
)
def test_a_broken_portrait_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ContentError, match=message):
        check_people([{**TABLES["people"][0], **change}], TIMELINE)


# --- the glossary --------------------------------------------------------------------------------


def test_the_glossary_is_whole_and_types_no_number() -> None:
    terms = TABLES["glossary"]
    check_glossary(terms, BIBLIOGRAPHY, TITLES)
    assert len(terms) >= 60
    for entry in terms:
        assert entry["text"].endswith("."), entry["term"]
        assert re.findall(r"\d{2,}", entry["text"]) == [], entry["term"]


def test_the_glossarys_figure_names_its_own_terms() -> None:
    html = step_figure(TABLES).html("")
    for name in ("batch", "softmax", "learning rate"):
        assert f"<td>{name}</td>" in html
    with pytest.raises(ContentError, match='unknown term "batch"'):
        step_figure(
            {**TABLES, "glossary": [row for row in TABLES["glossary"] if row["term"] != "batch"]}
        )


def explained(text: str) -> str:
    """The HTML of Markdown that asks for its terms."""
    extensions: list[Any] = ["attr_list", Terms(TABLES["glossary"])]
    return markdown.markdown(f"{text}\n\n{mark('g.md')}\n", extensions=extensions)


def test_a_term_is_linked_once_and_only_in_running_text() -> None:
    html = explained(
        "## Dropout\n\nDropout.\n{ .answer }\n\nA & [dropout](x) `dropout` **dropouts**, Dropout and "
        "dropout, two GPUs, one GPU."
    )
    assert html.count('href="g.md#dropout"') == 1
    assert '>Dropout</a><span class="term__tip"' in html
    assert html.count('href="g.md#gpu"') == 1
    assert ">GPUs</a>" in html
    assert "<h2>Dropout</h2>" in html
    assert '<a href="x">dropout</a> <code>dropout</code> <strong>dropouts</strong>, <span' in html


def test_a_stray_end_tag_does_not_stop_the_explanations() -> None:
    assert 'href="g.md#gpu"' in explained("A [GPU](x) here</b> and GPU")


def test_a_page_that_does_not_ask_gets_no_explanations() -> None:
    html = markdown.markdown("A GPU.", extensions=[Terms(TABLES["glossary"])])
    assert html == "<p>A GPU.</p>"


def test_a_word_in_another_sense_is_not_linked() -> None:
    html = explained("Epoch AI counts. One epoch.")
    assert html.startswith('<p>Epoch AI counts. One <span class="term"><a ')
    assert html.count("g.md#epoch") == 1


def test_linking_changes_no_word() -> None:
    linked = explained("- The filter &#8217; *layer*")
    plain = re.sub(r'<span class="term__tip".*?</span>|<[^>]+>', "", linked)
    assert plain.strip() == "The filter &#8217; layer"
    assert linked.count("term__tip") == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"page": "story/nowhere.md"}, 'no page "story/nowhere.md"'),
        ({"sources": ["krizhevski2012"]}, "did you mean"),
        ({"also": ["Activation"]}, '"Activation" is listed twice'),
        ({"txt": "x"}, "needs exactly"),
    ],
)
def test_a_broken_entry_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ContentError, match=message):
        check_glossary([{**TABLES["glossary"][0], **change}], BIBLIOGRAPHY, TITLES)


# --- the sources ---------------------------------------------------------------------------------


def test_two_thirds_of_the_sources_are_primary_and_read() -> None:
    primary = [reference for reference in BIBLIOGRAPHY.values() if reference.documents]
    assert len(BIBLIOGRAPHY) >= 160
    assert 3 * len(primary) >= 2 * len(BIBLIOGRAPHY)


# --- the figures of the network and of the calendar ----------------------------------------------


def test_a_filter_slides_and_drops_what_is_below_zero() -> None:
    step = picture(("..##", "..##", "..##"))
    assert slide(step, FILTERS["upright edges"]) == [[3, 3]]
    assert slide([row[::-1] for row in step], FILTERS["upright edges"]) == [[0, 0]]
    assert slide(step, FILTERS["level edges"]) == [[0, 0]]


def test_the_work_of_the_layers_is_the_sum_of_their_kernels() -> None:
    rows = {row["layer"]: row for row in TABLES["layers"]["rows"] if row["params"]}
    work = {name: multiplications(row) for name, row in rows.items()}
    assert work["conv1"] == 96 * 11 * 11 * 3 * 55 * 55
    assert work["fc6"] == 6 * 6 * 256 * 4096
    convolutions = sum(count for name, count in work.items() if name.startswith("conv"))
    assert FACTS["conv_share"].value == round(100 * convolutions / sum(work.values()))


def test_the_calendar_counts_the_days_and_names_unknown_events() -> None:
    headline = calendar(TABLES, TIMELINE).title
    assert headline.endswith("began to learn 17 days before entries closed")
    lanes = {**TABLES["lanes"]["calendar"]}
    lanes["strands"] = [{"name": "x", "kind": "ink", "rows": [{"event": "net-154", "label": "y"}]}]
    with pytest.raises(ContentError, match='unknown event "net-154"'):
        calendar({**TABLES, "lanes": {"calendar": lanes}}, TIMELINE)
