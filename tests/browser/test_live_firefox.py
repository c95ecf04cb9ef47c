"""The live page in Firefox: the same answers, the same proof, the same look inside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demo.pictures.decoding import decode
from demo.reference import session_of
from model_export.contract.card import ModelCard
from model_export.contract.preprocessing import preprocess
from tests.support.bidi import firefox
from tests.support.browsing import AXE, PATIENCE, TAGS
from tests.support.serving import serve_folder

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "demo" / "samples"


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with firefox() as made:
        if made is None:
            pytest.skip("no Firefox here: apt-get install firefox-esr")
        yield made


def until(page: Any, function: str, *arguments: str) -> Any:
    """Ask the page until it says something."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        value = page.run(function, *arguments)
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(page.run("() => document.getElementById('live').outerHTML"))


STATE = "s => document.getElementById('live').dataset.state === s"


def test_firefox_answers_as_python_does(page: Any, site: Path) -> None:
    model = site / "assets" / "models" / "alexnet64.onnx"
    card = ModelCard.from_json(model.with_suffix(".json").read_bytes())
    session = session_of(model)
    with serve_folder(site) as address:
        page.open(f"{address}live/?layer=conv2&picture=banana")
        until(page, STATE, "idle")
        page.click("#live-load")
        until(page, STATE, "answered")
        proof = page.run("() => document.getElementById('live-proof').textContent")
        assert float(proof.split(" by ")[1].split(" ")[0]) < 1e-5
        for name in ("banana", "espresso", "ladybug", "cat"):
            page.click(f"[data-name={name}]")
            until(page, f"n => location.search.includes(n) && ({STATE})('answered')", name)
            until(page, "() => document.querySelector('#live-answer').ariaBusy === 'false'")
            shown = page.run(
                "() => [...document.querySelectorAll('#live-top li')].map(x => +x.dataset.class)"
            )
            tensor = preprocess(decode((SAMPLES / f"{name}.jpg").read_bytes()), card.input)
            (logits,) = session.run([card.output], {card.input.name: tensor[None]})
            assert shown == np.argsort(-logits[0], kind="stable")[:5].tolist(), name
        assert page.run("() => document.querySelectorAll('.live-tile[aria-label]').length") == 256
        page.run(f"() => {{ {AXE.read_text()} }}")
        found = page.run(
            "tags => axe.run('#live', {runOnly: tags.split(',')}).then(r => r.violations"
            ".map(v => [v.id, v.nodes[0].html]))",
            ",".join(TAGS),
        )
        assert found == []
