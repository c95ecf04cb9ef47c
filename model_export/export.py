"""Write one self-contained ONNX file with its card, after proving that it computes the same.

The steps: PyTorch's exporter (dynamo), cleaning (no stack traces, no local paths, readable
names), ONNX's full check, the parity run against PyTorch in float64, and only then the file,
moved into place in one step. A failed proof writes nothing.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import model_export
from model_export import weights
from model_export.card import METADATA_KEY, ModelCard, Parity, Versions
from model_export.errors import ExportError
from model_export.tolerances import TOLERANCES

if TYPE_CHECKING:
    import onnx

    from model_export.architectures import AlexNet2012

OPSET = 20
SAMPLES = Path(__file__).parent.parent / "demo" / "samples"


@dataclass(frozen=True)
class Report:
    """What an export did: the files, their card, the size in bytes."""

    file: Path
    card_file: Path
    card: ModelCard
    size: int

    @property
    def parity_line(self) -> str:
        """One line for the terminal."""
        parity = self.card.parity
        return (
            f"parity with {parity.reference} over {parity.pictures} pictures: "
            f"max |difference| {parity.max_abs:.1e}, relative L2 {parity.rel_l2:.1e}, "
            f"top-5 agreement {parity.top5_agreement:.0%}"
        )


def export(output: Path, net: AlexNet2012 | None = None) -> Report:
    """Export `alexnet64` to ONNX.

    Args:
        output: the file to write; its card goes beside it with the ending ``.json``.
        net: a network to use instead of the bundled weights (tests do).

    Returns:
        A `Report`.

    Raises:
        ExportError: the file does not pass ONNX's check or differs too much from PyTorch.
        EnvironmentLacks: the bundled weights are missing.
    """
    import onnx
    import torch

    net = (net or weights.load_alexnet64()).eval()
    model = to_onnx(net)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(f"ONNX's check refuses the model, nothing written: {error}") from None
    pictures = sample_batch()
    parity = measure_parity(net, model.SerializeToString(), pictures)
    known = weights.training()
    card = ModelCard(
        name="alexnet64",
        title="AlexNet, the 2012 form at 64 pixels",
        architecture="AlexNet2012(form='code') at 64x64, 200 classes",
        parameters=sum(p.numel() for p in net.parameters()),
        labels=weights.labels(),
        input=weights.input_rule(),
        output="logits",
        weights=weights.origin(),
        training={key: known[key] for key in ("recipe", "machine", "data")},
        precision="fp32",
        opset=OPSET,
        ir_version=model.ir_version,
        versions=Versions(model_export.__version__, str(torch.__version__), onnx.__version__),
        parity=parity,
        accuracy=weights.accuracies(),
    )
    limit = TOLERANCES["fp32", "CPUExecutionProvider"]
    if parity.rel_l2 > limit.rel_l2 or parity.top5_agreement < limit.top5:
        raise ExportError(
            f"the exported file differs from PyTorch, nothing written: relative L2 "
            f"{parity.rel_l2:.2e} (at most {limit.rel_l2:.0e}), top-5 agreement "
            f"{parity.top5_agreement:.0%} (at least {limit.top5:.0%})"
        )
    del model.metadata_props[:]
    model.metadata_props.add(key=METADATA_KEY, value=card.to_json())
    packed = model.SerializeToString(deterministic=True)
    write_atomically(output, packed)
    card_file = output.with_suffix(".json")
    write_atomically(card_file, (card.to_json(indent=1) + "\n").encode())
    return Report(output, card_file, card, len(packed))


def to_onnx(net: AlexNet2012) -> onnx.ModelProto:
    """The network as an ONNX graph: ``image`` (batch, 3, S, S) float32 to ``logits``."""
    import torch

    example = torch.zeros(2, 3, net.image_size, net.image_size)
    # The exporter talks to stdout and to its logger; neither is for the person at the terminal.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            net,
            (example,),
            dynamo=True,
            input_names=["image"],
            output_names=["logits"],
            dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ExportError("PyTorch's exporter returned no program")
    return clean(program.model_proto)


def clean(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove what tells of the machine that exported: stack traces, paths, notes, torch's names."""
    model.doc_string = ""
    graph = model.graph
    graph.name, graph.doc_string = "alexnet", ""
    del graph.value_info[:]  # partly wrong after changes to weights; readers infer it anew
    del graph.metadata_props[:]
    del model.functions[:]
    for node in graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*graph.input, *graph.output):
        value.doc_string = ""
        del value.metadata_props[:]
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    for tensor in graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    return model


def sample_batch() -> NDArray[np.float32]:
    """The sample photographs as one input batch, (N, 3, 64, 64)."""
    from PIL import Image

    from model_export.preprocess import preprocess

    rule = weights.input_rule()
    files = sorted(SAMPLES.glob("*.jpg"))
    if not files:
        raise ExportError(f"{SAMPLES} holds no photographs to compare on: restore it with git")
    tensors = []
    for file in files:
        with Image.open(file) as picture:
            tensors.append(preprocess(picture.convert("RGB"), rule))
    return np.stack(tensors)


def measure_parity(net: AlexNet2012, packed: bytes, batch: NDArray[np.float32]) -> Parity:
    """Compare an ONNX file in ONNX Runtime (CPU) with PyTorch in float64 on a batch."""
    import copy

    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(packed, options, providers=["CPUExecutionProvider"])
    got: Any = session.run(["logits"], {"image": batch})[0]
    with torch.inference_mode():
        wanted = copy.deepcopy(net).double()(torch.from_numpy(batch).double()).numpy()
    best_got, best_wanted = (np.sort(np.argsort(-x)[:, :5]) for x in (got, wanted))
    return Parity(
        reference="PyTorch float64",
        pictures=len(batch),
        max_abs=float(np.abs(got - wanted).max()),
        rel_l2=float(np.linalg.norm(got - wanted) / np.linalg.norm(wanted)),
        top5_agreement=float((best_got == best_wanted).all(1).mean()),
    )


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, move: a reader sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
