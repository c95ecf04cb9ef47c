"""The form that is fastest for one picture at a time on a processor.

    python -m model_export.matmulnbits build/imagenet1k.onnx build/one.onnx --calibrate PHOTOS

One picture at a time, the network waits for its weights to come from memory, and the fully
connected layers have nearly all of them. Here these stay in 4 bits until they are multiplied, by
ONNX Runtime's own operator MatMulNBits (blocks of 32 or 128 inputs share a scale; activations in 8
bits, made on the way: accuracy level 4). Convolutions are in 8 bits as in ``int8``. The operator
is no part of ONNX: OpenVINO knows it too, other engines do not, and `precision`'s ``int4`` is for
them.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from model_export.contract import onnx_file
from model_export.contract.card import METADATA_KEY, CardError, Distance, ModelCard, Parity
from model_export.contract.errors import UsageError, cli_errors
from model_export.errors import ExportError
from model_export.files import refuse_if_no_place, write_in_order
from model_export.forms.precision import BLOCK, BLOCKS, per_block, static

if TYPE_CHECKING:
    import onnx

OPERATOR = "MatMulNBits"
_ACCURACY = 4  # the level at which activations are made 8 bits wide


def convert(source: Path, pictures: NDArray[np.float32], block: int = BLOCK) -> onnx.ModelProto:
    """A file's model with 8-bit convolutions and 4-bit fully connected layers.

    Args:
        source: an ONNX file in fp32.
        pictures: (N, 3, size, size), to measure the ranges of activations on.
        block: inputs that share a scale.

    Raises:
        ExportError: a fully connected layer is of another kind than our networks'.
    """
    import onnx

    nodes = onnx.load(source).graph.node
    gemms = {node.output[0] for node in nodes if node.op_type == "Gemm"}
    dense = [n.name for n in nodes if n.op_type == "Relu" and n.input[0] in gemms]
    with tempfile.TemporaryDirectory() as folder:  # `static` writes beside it
        copy = shutil.copyfile(source, Path(folder) / "fp32.onnx")
        made = static(copy, pictures, ("Conv", "Relu"), dense)
    arrays = {t.name: t for t in made.graph.initializer}
    for node in made.graph.node:
        if node.op_type != "Gemm":
            continue
        settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if settings.get("transB") != 1 or node.input[1] not in arrays:
            raise ExportError(f"{node.output[0]}: not a fully connected layer as exported here")
        name = node.input[1]
        weight = onnx.numpy_helper.to_array(arrays[name])
        tensors = _packed(name, weight, block)
        kept = [t for t in made.graph.initializer if t.name != name]
        del made.graph.initializer[:]
        made.graph.initializer.extend([*kept, *tensors])
        # A layer whose biases are all 0 has none in the file.
        bias = ["", "", node.input[2]] if len(node.input) > 2 else []
        layer = onnx.helper.make_node(
            OPERATOR,
            [node.input[0], tensors[0].name, tensors[1].name, *bias],
            list(node.output),
            name=node.name,
            domain="com.microsoft",
            K=weight.shape[1],
            N=weight.shape[0],
            bits=4,
            block_size=block,
            accuracy_level=_ACCURACY,
        )
        node.CopyFrom(layer)
    if not any(entry.domain == "com.microsoft" for entry in made.opset_import):
        made.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    return made


def _packed(name: str, weight: NDArray[np.float32], block: int) -> list[onnx.TensorProto]:
    """Weights (outputs, inputs) as the operator has them: (outputs, blocks, block / 2) bytes, the
    first of two in the low half, 8 standing for 0; and a scale for each block."""
    import onnx

    values, scale = per_block(weight, block)
    raw = (values + 8).astype(np.uint8).reshape(len(weight), -1, block // 2, 2)
    return [
        onnx.numpy_helper.from_array(raw[..., 0] | raw[..., 1] << 4, f"{name}.values"),
        onnx.numpy_helper.from_array(scale.reshape(-1), f"{name}.scale"),
    ]


def write(source: Path, output: Path, calibrate: Path | None, block: int = BLOCK) -> ModelCard:
    """Convert an exported fp32 file.

    Args:
        source: the file, with its card.
        output: the file to write.
        calibrate: a folder of pictures to measure ranges on; None takes the bundled samples.
        block: inputs that share a scale.

    Returns:
        The card that was written, with the distance from fp32.

    Raises:
        UsageError: no such file, not fp32, or without a card.
        ExportError: a layer is of another kind than our networks'.
    """
    from model_export.exporter import clean, refuse_if_malformed
    from model_export.forms.calibration import calibration_batch
    from model_export.proof.parity import compare, onnx_logits, sample_batch

    if block not in BLOCKS:
        raise UsageError(f"--block {block}: give {' or '.join(map(str, BLOCKS))}")
    try:
        card = ModelCard.from_metadata(onnx_file.read(source).metadata, str(source))
    except CardError as error:
        raise UsageError(str(error)) from None
    if card.precision != "fp32":
        raise UsageError(f"{source}: of precision {card.precision}; name the fp32 file")
    pictures = sample_batch(card.input)
    ranges, calibration = calibration_batch(card.input, calibrate)
    made = clean(convert(source, ranges, block))
    refuse_if_malformed(made)
    del made.metadata_props[:]
    packed = made.SerializeToString(deterministic=True)
    cost = compare(onnx_logits(packed, pictures), onnx_logits(source, pictures))
    how = (
        f"fully connected weights in int4, blocks of {block}, multiplied as they are "
        f"({OPERATOR}, ONNX Runtime's own operator); convolutions and their activations in int8"
    )
    assert card.parity is not None
    reference = f"the fp32 file, which is {card.parity.rel_l2:.1e} from {card.parity.reference}"
    card = replace(
        card,
        precision="int4",
        graph_sha256=onnx_file.graph_sha256(packed),
        accuracy=(),
        evaluation=None,
        calibration=calibration,
        ir_version=made.ir_version,
        opset=made.opset_import[0].version,
        parity=Parity(reference, len(pictures), cost.max_abs, cost.rel_l2, cost.top5),
        distance=Distance(
            how, source.stat().st_size, len(pictures), cost.rel_l2, cost.top1, cost.top5
        ),
    )
    made.metadata_props.add(key=METADATA_KEY, value=card.to_json())
    packed = made.SerializeToString(deterministic=True)
    beside = (card.to_json(indent=1) + "\n").encode()
    write_in_order([(output, packed), (output.with_suffix(".json"), beside)])
    return card


def main(
    source: Annotated[Path, typer.Argument(help="An exported file in fp32.")],
    output: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Pictures on which the convolutions' ranges are measured.",
            show_default="the bundled set",
        ),
    ] = None,
    block: Annotated[int, typer.Option(help="Inputs that share a scale: 32 or 128.")] = BLOCK,
) -> None:
    """Make the form that is fastest for one picture at a time on a processor."""
    with cli_errors(output):
        refuse_if_no_place(output, ".onnx")
        card = write(source, output, calibrate, block)
    assert card.distance is not None
    typer.echo(
        f"{output}: {output.stat().st_size / 1e6:.1f} MB; {card.distance.how}; from fp32 over "
        f"{card.distance.pictures} pictures: relative L2 {card.distance.rel_l2:.1e}, top-1 "
        f"agreement {card.distance.top1_agreement:.0%}"
    )


if __name__ == "__main__":
    typer.run(main)
