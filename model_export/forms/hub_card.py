"""``--hub-card``: ``NAME.md``, the README.md of a repository on the Hugging Face Hub.

The front matter is what the Hub reads: task, library, licence and measured results. It is written
as JSON, which is YAML. Every statement is the model card's; what that does not know is left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model_export.contract.card import ModelCard
from model_export.contract.errors import UsageError

MARK = "<!-- written by model_export: export again to change it -->"


def refuse_to_replace(path: Path) -> None:
    """Stop before the work where another file is in the way.

    Raises:
        UsageError: it was not written by `hub_card`.
    """
    if path.exists() and MARK not in path.read_text("utf-8", "replace"):
        raise UsageError(f"{path}: exists, and was not written by this program; move it")


def front_matter(card: ModelCard) -> dict[str, Any]:
    """The Hub's metadata of a model."""
    found: dict[str, Any] = {
        "library_name": "onnx",
        "pipeline_tag": "image-classification",
        # Never one of the Hub's own: ImageNet's terms may reach the weights, whatever is said.
        "license": "other",
        "license_name": "unknown" if card.weights.licence == "unknown" else "see-below",
        "tags": ["onnx", "alexnet", "image-classification", card.precision],
    }
    results = [
        {
            "task": {"type": "image-classification"},
            "dataset": {
                "name": row.dataset,
                "type": row.dataset.partition(",")[0].lower().replace(" ", "-"),
            },
            "metrics": [
                {"type": "accuracy", "name": f"top-{k} accuracy", "value": value}
                for k, value in ((1, row.top1), (5, row.top5))
            ],
        }
        for row in card.accuracy
    ]
    if results:
        found["model-index"] = [{"name": card.name, "results": results}]
    return found


def hub_card(card: ModelCard, file: str) -> str:
    """The page.

    Args:
        card: of the exported file.
        file: its name.
    """
    rule, origin = card.input, card.weights
    matter = "\n".join(f"{key}: {json.dumps(value)}" for key, value in front_matter(card).items())
    crop = "both sides" if rule.crop == "squash" else "the shorter side"
    newline = "\n"
    values = "0 to 255, as bytes" if rule.dtype == "uint8" else f"{rule.dtype}, normalised"
    proofs = [
        f"* {proof.words}: relative L2 {proof.rel_l2:.1e}"
        for proof in (card.parity, card.independent)
        if proof
    ]
    assumed = f"\nNothing states, so this assumes: {', '.join(rule.assumed)}.\n"
    measured = [
        f"* {row.dataset}, {row.count:,} pictures: top-1 {row.top1:g} %, top-5 {row.top5:g} % "
        f"({row.measured_with})"
        for row in card.accuracy
    ]
    return f"""---
{matter}
---
{MARK}

# {card.title}

{card.architecture}; {card.parameters:,} parameters, {card.precision}, ONNX opset {card.opset}.

| | |
|---|---|
| weights | {origin.source}, SHA-256 `{origin.sha256}` |
| trained by | {origin.trained_by} |
| trained on | {origin.trained_on} |
| licence | {origin.licence} |
| classes | {len(card.labels):,}: {card.labels[0].name}, {card.labels[1].name}, ... |

## Use

Resize {crop} to {rule.resize} pixels ({rule.interpolation}, with antialias), cut out the centre
of {rule.size}x{rule.size}, channels as {rule.channels}. Input `{rule.name}` is {values}: pixels of
0 to 1 less {_triple(rule.mean)}, over {_triple(rule.std)}. Output: `{card.output}`.
{assumed if rule.assumed else ""}
```python
import json, onnxruntime

session = onnxruntime.InferenceSession("{file}")
card = json.loads(session.get_modelmeta().custom_metadata_map["alexnet_card"])
labels = [label["name"] for label in card["labels"]]
```

## Checked

{newline.join([*proofs, *measured])}
"""


def _triple(values: tuple[float, float, float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)
