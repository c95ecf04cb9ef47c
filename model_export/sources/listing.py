"""``python -m model_export --list``: the networks, as text. Imports no torch."""

from __future__ import annotations

from model_export.networks import ALEXNET64, NETWORKS, Network
from model_export.sources.download import cached_path
from model_export.sources.weights import WEIGHTS, accuracies


def lines() -> list[str]:
    """All networks, a paragraph each."""
    return "\n\n".join(_paragraph(network) for network in NETWORKS.values()).split("\n")


def _paragraph(network: Network) -> str:
    rule = network.input
    rows = {
        "architecture": network.architecture,
        "input": f"{rule.size}x{rule.size} pixels, {rule.channels}, cut from the centre after the "
        f"shorter side is resized to {rule.resize}",
        **({"other crop": network.crop_note} if network.crop_note else {}),
        "classes": f"{network.classes:,}",
        "parameters": f"{network.parameters:,}",
        "multiply-adds": f"{network.multiply_adds / 1e6:,.1f} million a picture",
        "weights": _weights(network),
        "trained by": network.trained_by,
        "licence": network.licence,
        "accuracy": _accuracy(network),
        "on this machine": _here(network),
    }
    text = [f"{network.name}: {network.title}"]
    return "\n".join(text + [f"  {name + ':':17}{value}" for name, value in rows.items()])


def _accuracy(network: Network) -> str:
    published = () if network.accuracy is None else (network.accuracy,)
    rows = accuracies() if network is ALEXNET64 else published
    said = (
        f"top-1 {row.top1:g} %, top-5 {row.top5:g} % of {row.count:,} pictures "
        f"({row.dataset}), {row.measured_with}"
        for row in rows
    )
    return "; ".join(said) or "not measured yet"


def _weights(network: Network) -> str:
    if network.published:
        return " or ".join(network.published.addresses)
    return "bundled"


def _here(network: Network) -> str:
    path = cached_path(network.published) if network.published else WEIGHTS
    if path.exists():
        return f"yes, {path}"
    if network.published:
        return f"no; it is fetched on first use and kept at {path}"
    return f"no: {path} is missing"
