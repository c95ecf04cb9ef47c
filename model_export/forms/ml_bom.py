"""``inspect --ml-bom``: what a model is made of, as CycloneDX 1.6, which security scanners read.

Every statement is the file's or its card's; what they do not know is left out.
"""

from __future__ import annotations

from typing import Any

import model_export
from model_export.contract.errors import UsageError


def ml_bom(found: dict[str, Any]) -> dict[str, Any]:
    """The list of a file's parts: the model, the weights and the data it was made from.

    Args:
        found: what `inspection.inspect` says of the file.

    Raises:
        UsageError: the file has no card.
    """
    card = found["card"]
    if card is None:
        raise UsageError(f"{found['file']}: {found['card_problem']}")
    weights = card["weights"]
    metrics = [
        {"type": f"top-{k} accuracy, percent", "value": f"{row[f'top{k}']:g}", "slice": slice_}
        for row in card["accuracy"]
        for slice_ in [f"{row['dataset']}, {row['count']} pictures, {row['views']} views"]
        for k in (1, 5)
    ]
    model: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": card["name"],
        "version": card["versions"]["exporter"],
        "description": f"{card['title']}, {card['precision']}, ONNX opset {found['opset']}",
        "hashes": [{"alg": "SHA-256", "content": found["sha256"]}],
        "licenses": [{"license": {"name": weights["licence"]}}],
        "modelCard": {
            "modelParameters": {
                "approach": {"type": "supervised"},
                "task": "image classification",
                "architectureFamily": "convolutional neural network",
                "modelArchitecture": card["architecture"],
                "datasets": [{"ref": "data"}],
                "inputs": [{"format": f"image, {card['input']['layout']}"}],
                "outputs": [{"format": f"{card['output']} of {len(card['labels'])} classes"}],
            },
            "quantitativeAnalysis": {"performanceMetrics": metrics},
        },
    }
    parts = [
        {
            "type": "file",
            "bom-ref": "weights",
            "name": weights["source"],
            "description": f"Weights, trained by {weights['trained_by']}",
            "hashes": [{"alg": "SHA-256", "content": weights["sha256"]}],
        },
        {"type": "data", "bom-ref": "data", "name": weights["trained_on"]},
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": model,
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": "alexnet-moment",
                        "version": model_export.__version__,
                    }
                ]
            },
        },
        "components": parts,
        "dependencies": [
            {"ref": "model", "dependsOn": ["weights"]},
            {"ref": "weights", "dependsOn": ["data"]},
        ],
    }
