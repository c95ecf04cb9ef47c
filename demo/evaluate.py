"""`python -m demo evaluate DATA`: how often the network is right on labelled pictures.

`demo.datasets.layouts` says which layouts are read, `demo.datasets.classes` how classes are
matched. Each picture goes through the same steps as in `classify`: decoding, the card's resize and
crop, the network.

With ``--json`` standard output is one JSON object::

    {"model": {...as classify's}, "provider", "device", "dataset", "count", "views": 1,
     "top1": {"percent", "low", "high"}, "top5": {...}, "errors": {"top1": {...}, "top5": {...}},
     "reliability": {"error", "confidence", "bins": [{"low", "high", "count", "confidence",
      "accuracy"}, ...]}, "without_temperature": {...}, "temperature",
     "classes": [{"label", "wnid", "count", "top1", "top5"}, ...],
     "confused": [{"shown", "taken_for", "count"}, ...], "unreadable": [{"file", "error"}, ...],
     "planned", "seen", "complete", "answers", "notes": [...],
     "pace": {"pictures", "total", "network", "waiting", "pictures_s", "bound_by"},
     "against": null, or {"engine", "count", "rel_l2", "max_abs", "same_top1", "same_top5", ...}}

``low`` and ``high`` bound the 95 % Wilson interval, in percent; ``top1`` and ``top5`` are right
answers, ``errors`` wrong ones; ``reliability`` compares the first guess's probability with how
often it is right, with the card's temperature and without; ``classes`` counts pictures;
``confused`` holds the hundred most frequent pairs; ``answers`` is how many classes could answer;
``pace`` is of this run alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from demo.options import AsJson, NetworkOptions, with_network
from model_export.contract.errors import cli_errors

EXIT_CODES = (
    "Exit code: 0 fine; 1 a picture could not be read, or the file is not what PyTorch computes; "
    "2 wrong use; 3 no usable model, or no CUDA or PyTorch where asked for; 130 stopped by Ctrl-C. "
    "The report is printed in all but the cases 2 and 3, once a picture was classified."
)


def _data(given: str) -> Path:
    """A path; an empty one, as of a variable that is not set, would be the current folder."""
    if not given:
        raise typer.BadParameter("it is empty; name a folder, a zip or a tar (. is this folder)")
    return Path(given)


@with_network
def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            envvar="TINY_IMAGENET",
            parser=_data,
            help="Tiny ImageNet, class folders, or ILSVRC-2012's validation pictures; a folder, a "
            "zip or a tar.",
            show_default=False,
        ),
    ],
    network: NetworkOptions,
    views: Annotated[
        int, typer.Option(help="1, the centre; or 10, the paper's corners, centre and mirrors.")
    ] = 1,
    ground_truth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The right answers to ILSVRC-2012's validation pictures.",
            show_default="looked for beside them",
        ),
    ] = None,
    intersection: Annotated[
        bool,
        typer.Option(
            "--intersection", help="Only the classes that both the data and the network know."
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Only so many pictures, evenly spread over the data."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a row for each picture, as it goes.")
    ] = None,
    against: Annotated[
        Literal["torch"] | None,
        typer.Option(help="Run PyTorch on the same pictures and tell the differences."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For --against: the weights that the model was made of."),
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="Views that go through the network together.")
    ] = 32,
    cluster: Annotated[
        bool,
        typer.Option(
            "--cluster",
            help="Spread the work over Ray: the one that RAY_ADDRESS names, else this machine.",
        ),
    ] = False,
    workers: Annotated[
        int, typer.Option(min=0, help="For --cluster: workers at a time; 0: this machine's cores.")
    ] = 0,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Show every class, not the best and worst alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure top-1 and top-5 error on labelled pictures."""
    from demo.evaluation.run import EvaluateOptions, run

    with cli_errors():
        options = EvaluateOptions(
            data, network, views, ground_truth, intersection, limit, csv, against, weights, batch,
            cluster, workers, per_class, as_json,
        )  # fmt: skip
        code = run(options)
    raise typer.Exit(code)
