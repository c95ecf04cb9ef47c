"""`python -m demo benchmark MODEL...`: how fast each exported form runs here, beside its peers.

Every candidate (a file on an engine) lives in a process of its own, so that its memory is its
own. They take turns, round after round, so that what disturbs the machine disturbs all alike; the
ratios are formed within each round, against PyTorch eager fp32 where it is installed. The lower
bounds (a roofline) say how fast the cores could be at best: the weights must be read once a batch,
and the multiply-adds done. What ran on a graphics card has none. See
docs/reference/benchmarks.md; result files follow docs/data/benchmarks.schema.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from demo.errors import UsageError
from demo.options import AsJson
from demo.report import complain
from model_export.contract.errors import cli_errors

_ENGINES = {"openvino": "OpenVINO"}
EXIT_CODES = (
    "Exit code: 0 fine; 2 wrong use; 3 no usable model, provider or package; 130 stopped by Ctrl-C."
)


def benchmark(
    models: Annotated[
        list[Path],
        typer.Argument(metavar="MODEL", help="Exported files, in any precision.", exists=False),
    ],
    batch: Annotated[
        list[int] | None,
        typer.Option(help="Pictures at a time; may be given several times.", show_default="1, 32"),
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(
            help="Where ONNX Runtime runs: cpu, cuda or tensorrt, with --learn cpu or cuda; "
            "may be given several times.",
            show_default="cpu",
        ),
    ] = None,
    peers: Annotated[
        bool, typer.Option(help="PyTorch and OpenVINO beside, where they are installed.")
    ] = True,
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of each candidate; 0: all that it may use.")
    ] = 0,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each candidate.")] = 7,
    seconds: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=3600,
            help="About how long a turn lasts, of 3 to 200 runs after one that warms up.",
        ),
    ] = 1.0,
    photographs: Annotated[
        int,
        typer.Option(
            min=0,
            help="Time whole evaluations of so many photographs beside PyTorch's usual loop; the "
            "fp32 file first.",
            show_default="none, time the network alone",
        ),
    ] = 0,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a result file for each candidate there."),
    ] = None,
    recommend: Annotated[
        bool, typer.Option("--recommend", help="Say which form is fastest at each batch size.")
    ] = False,
    learn: Annotated[
        bool,
        typer.Option(
            "--learn", help="The files are learning steps, as `model_export --learn` writes them."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Time exported forms against each other and their peers, in turns, beside the roofline."""
    from demo.benchmarking import interleaved, results
    from demo.runtime.machine import cores

    with cli_errors():
        threads = min(threads or cores(), cores())  # more would wait for each other
        if learn:
            from demo.benchmarking import learning

            if batch and (len(batch) > 1 or batch[0] < 1):
                raise UsageError("--learn takes one --batch, of at least 1 picture")
            chosen = list(dict.fromkeys(provider or ["cpu"]))
            size = batch[0] if batch else None
            steps = learning.run(models, chosen, size, threads, rounds, seconds)
            typer.echo(json.dumps(steps, indent=1) if as_json else "\n".join(learning.lines(steps)))
            return
        if photographs:
            from demo.benchmarking import evaluations

            timed = evaluations.run(models, photographs, rounds, threads)
            text = json.dumps(timed, indent=1) if as_json else "\n".join(evaluations.lines(timed))
            typer.echo(text)
            return
        sizes = sorted(set(batch or [1, 32]))
        if sizes[0] < 1:
            raise UsageError(f"--batch {sizes[0]}: a batch holds at least 1 picture")
        for name in provider or []:
            if name not in interleaved.PROVIDERS:
                raise UsageError(
                    f"--provider {name}: unknown; give {', '.join(interleaved.PROVIDERS)}"
                )
        providers = list(dict.fromkeys(provider or ["cpu"]))
        if save is not None:
            _check_folder(save, providers)
        found = interleaved.run(
            models, sizes, providers, peers, threads, rounds, seconds,
            lambda note: complain(note, "note"),
        )  # fmt: skip
        if as_json:
            extra = {"recommended": interleaved.recommended(found)} if recommend else {}
            typer.echo(json.dumps(found | extra, indent=1, allow_nan=False))
        else:
            typer.echo("\n".join(lines(found, recommend)))
        if save is not None:
            for name in results.save(found, save):
                complain(f"wrote {save / name}", "note")


def _check_folder(save: Path, providers: list[str]) -> None:
    """Whether results can be kept there, before anything is measured.

    Raises:
        UsageError: they cannot.
    """
    others = [name for name in providers if name != "cpu"]
    if others and "cpu" in providers:
        raise UsageError(
            "--save keeps what ran on one kind of device: run cpu by itself, without "
            f"{' and '.join(others)}"
        )
    if save.exists() and not save.is_dir():
        raise UsageError(f"--save {save}: a file, not a folder; name a folder")
    try:
        save.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"--save {save}: cannot be made ({error.strerror}); name another folder"
        ) from None


def lines(found: dict[str, Any], recommend: bool) -> list[str]:
    """The results as a table for a terminal.

    Args:
        found: what `interleaved.run` gave.
        recommend: whether to add the fastest form at each batch size.
    """
    from demo.benchmarking.interleaved import recommended

    machine, run = found["machine"], found["run"]
    rows = [
        f"{machine['device']}, {run['threads']} threads, {run['rounds']} "
        f"round{'s' if run['rounds'] > 1 else ''} in turns",
        machine["caution"],
        f"The best that NumPy reaches here: reads {machine['read_bytes_s'] / 1e9:.1f} GB/s, "
        f"{machine['multiply_adds_s'] / 1e9:.0f} thousand million multiply-adds/s in fp32",
    ]
    names = _names(found["candidates"])
    wide = max(map(len, names)) + 1
    for size in run["batches"]:
        rows += ["", f"batch {size}", f"  {'':{wide}}{'p50':>9}{'p90':>9}{'p99':>9}{'pictures':>10}"
                 f"{'times':>8}{'bound':>9}{'memory':>8}",
                 f"  {'':{wide}}{'ms':>9}{'ms':>9}{'ms':>9}{'/s':>10}{run['reference']:>8.7}"
                 f"{'ms':>9}{'MiB':>8}"]  # fmt: skip
        for name, row in zip(names, found["candidates"], strict=True):
            at = next(cell for cell in row["results"] if cell["batch"] == size)
            ms = at["ms"]
            bound = f"{at['bound_ms']:9.2f}" if "bound_ms" in at else f"{'-':>9}"
            rows.append(
                f"  {name:{wide}}{ms['p50']:9.2f}{ms['p90']:9.2f}{ms['p99']:9.2f}"
                f"{at['images_s']:10.0f}{at['ratio']['median']:8.2f}{bound}"
                f"{row['peak_bytes'] / 2**20:8.0f}"
            )
    rows += ["", "Made ready (seconds) and first run (ms, at each batch size):"]
    rows += [
        f"  {name}: {row['session_s']:.2f} s; "
        + ", ".join(f"{cell['first_ms']:.1f}" for cell in row["results"])
        for name, row in zip(names, found["candidates"], strict=True)
    ]
    if recommend:
        rows.append("")
        for row in recommended(found):
            rows.append(f"At batch {row['batch']} use {_form(row)}")
            if "here" in row:
                rows[-1] += f"; of what this runner runs itself, {_form(row['here'])}"
    return rows


def _names(candidates: list[dict[str, Any]]) -> list[str]:
    """Engine, precision and provider of each; its file too, where another has the same."""
    names = [
        f"{row['engine']} {row['precision']} {row['provider'].removesuffix('ExecutionProvider')}"
        for row in candidates
    ]
    return [
        f"{name} {row['file']}" if names.count(name) > 1 else name
        for name, row in zip(names, candidates, strict=True)
    ]


def _form(row: dict[str, Any]) -> str:
    """A file and what runs it."""
    where = row["provider"] if row["engine"] == "onnxruntime" else _ENGINES[row["engine"]]
    return f"{row['file']} ({row['precision']}, {where})"
