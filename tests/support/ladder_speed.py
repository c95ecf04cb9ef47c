"""How long the ladder's second rung and AlexNet take in a browser, side by side in one run.

    python -m tests.support.ladder_speed SITE --save docs/data/results/ladder_speed.json

SITE is a folder that `make site` built. Both name every sample in turn, each in its worker, with
one thread; the first round does not count. A time is from pixels to logits.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.runtime.machine import processor
from sitebuild.tools.browser import chromium
from tests.support.serving import serve_folder

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "node_modules/onnxruntime-web/package.json"
SCRIPT = """async (rounds) => {
  const root = new URL("../", location.href);
  const at = (name) => new URL(name, root).href;
  const json = async (name) => (await fetch(at(name))).json();
  const { WorkerClient } = await import(at("assets/js/live/worker-client.js"));
  const { unchanged } = await import(at("assets/js/live/changes.js"));
  const record = JSON.parse(document.getElementById("ladder-record").textContent);
  const [card, { models, engine_code: code }] = await Promise.all([
    json(record.card),
    json("assets/live/manifest.json"),
  ]);
  const model = models.find((one) => one.card === record.card);
  const lower = new WorkerClient(new URL(at("assets/js/ladder/worker.js")));
  const upper = new WorkerClient();
  await upper.request("load", {
    model: at(model.file), bytes: model.bytes, sha256: model.sha256, keep: false,
    engine: at("assets/live/engine/"), code: { ...code.wasm, file: at(code.wasm.file) },
    kind: "wasm", threads: 1, card: { input: card.input, output: card.output },
    reference: at(model.reference),
  });
  const buttons = [...document.querySelectorAll("[data-sample]")];
  const blobs = await Promise.all(
    buttons.map(async ({ dataset }) => (await fetch(dataset.sample)).blob()),
  );
  const pairs = [];
  for (let round = 0; round <= rounds; round += 1) {
    for (const blob of blobs) {
      const name = { file: at(record.file), bytes: record.bytes, blob, rule: card.input };
      const { milliseconds } = await lower.request("name", name);
      const change = unchanged();
      const { first } = await upper.request("classify", { blob, change, silent: 0 });
      if (round) pairs.push([milliseconds, first]);
    }
  }
  return pairs;
}"""


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, median, high = statistics.quantiles(values, n=4)
    return {"low": round(low, 3), "median": round(median, 3), "high": round(high, 3)}


def measure(site: Path, rounds: int) -> dict[str, Any]:
    """Times of both in milliseconds, and their ratio within pairs."""
    with serve_folder(site) as address, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{address}ladder/")
        pairs = page.evaluate(SCRIPT, rounds)
        version = browser.version
    return {
        "measured_with": {
            "processor": processor()[0],
            "cores": f"{os.cpu_count()} shared, virtual",
            "system": platform.system(),
            "browser": f"Chromium {version}",
            "engine": f"ONNX Runtime Web {json.loads(ENGINE.read_text('utf-8'))['version']}",
            "alexnet64": "weights of four bits",
            "threads": 1,
            "batch": 1,
            "pictures": len(pairs) // rounds,
            "rounds": rounds,
        },
        "fisher": spread([lower for lower, _ in pairs]),
        "alexnet64": spread([upper for _, upper in pairs]),
        "fisher_over_alexnet64": spread([lower / upper for lower, upper in pairs]),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("site", type=Path)
    asked.add_argument("--rounds", type=int, default=20)
    asked.add_argument("--save", type=Path)
    args = asked.parse_args()
    text = json.dumps(measure(args.site, args.rounds), indent=1) + "\n"
    if args.save:
        args.save.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
