"""``python -m model_export identify FILE``: what a file of weights is, and what it does not say."""

from __future__ import annotations

from pathlib import Path

from model_export.contract.errors import UsageError
from model_export.sources import local_weights, weights
from model_export.sources.known_files import Known, find
from model_export.sources.loading import network_of


def lines(path: Path) -> list[str]:
    """The file in words, a fact a line.

    Raises:
        UsageError: no such file, or not a file of weights.
        UnsafeFile: it claims more than it holds, or would run code.
    """
    source = local_weights.open_source(path)
    digest = weights.file_hash(path)
    known, bundled = find(path, digest), weights.bundled(digest)
    rows = {
        "format": source.form,
        "size": f"{path.stat().st_size:,} bytes",
        "SHA-256": digest,
        "known file": _known(known, bundled),
        "tensors": f"{len(source.tensors)}, {sum(t.numel() for t in source.tensors.values()):,} "
        "numbers",
        **({"reading": "; ".join(source.notes)} if source.notes else {}),
    }
    try:
        network, tensors, notes = network_of(source)
        classes = local_weights.check(path, tensors, network)
    except UsageError as error:
        rows["network"] = f"not recognised: {str(error).removeprefix(f'{path}: ')}"
        unknown = list(local_weights.PREPROCESSING)
    else:
        rows["network"] = network.name or "as the file describes it"
        rows["architecture"] = network.architecture
        rows["classes"] = f"{classes:,}"
        if notes:
            rows["head"] = "; ".join(notes)
        original = known is not None or bundled
        stated = source.stated if source.network else ()
        unknown = [] if original else [f for f in local_weights.PREPROCESSING if f not in stated]
    unknown += [] if known or bundled else ["class names", "who trained it"]
    rows["not in the file"] = ", ".join(unknown) or "nothing that is needed"
    return [f"{path}"] + [f"  {name + ':':17}{value}" for name, value in rows.items()]


def _known(known: Known | None, bundled: bool) -> str:
    if bundled:
        return "yes: alexnet64, the bundled weights"
    return f"yes: {_words(known)}" if known else "no: its hash is not in the table"


def _words(known: Known) -> str:
    measured = [
        f"top-1 {row.top1:g} %{'' if row.top5 is None else f', top-5 {row.top5:g} %'} ({row.how})"
        for row in known.measured
    ]
    return "; ".join([known.what, *measured])
