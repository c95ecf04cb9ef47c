"""The same network in fewer bits: which there are, and whether a file has them.

* ``fp16``: weights are stored in 16 bits and widened when a session starts; the arithmetic stays
  fp32. Half the size, and no engine needs fp16 kernels. With arithmetic in fp16 the convolutions
  and fully connected layers compute in 16 bits; the norms stay in fp32, as the squares of `bvlc`'s
  maps pass 65,504, and so do the averages.
* ``int8``: weights in 8 bits a channel, activations in 8 bits, their ranges measured on real
  pictures (QDQ, static; ONNX Runtime's quantiser); logits fp32. Asymmetric, or symmetric.
* ``int4``: the fully connected weights in 4 bits, symmetric, a fp32 scale for each block of 32
  (or 128) inputs; convolutions in 8 bits a channel; activations fp32. It is written as
  DequantizeLinear and nothing else: an engine that folds constants runs it at the speed of fp32.
* ``int4-int8``: `matmulnbits`.

Quantisers can leave everything as it was without a word (ONNX Runtime's, asked for "Gemm" alone,
does): `check` looks at what was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from model_export.errors import ExportError
from model_export.forms.options import BLOCK
from model_export.forms.quantise import WEIGHTS, blocks, half, static
from model_export.onnx_graph import Graph

if TYPE_CHECKING:
    import onnx

Fewer = Literal["fp16", "int8", "int4", "int4-int8"]


def reduce(
    model: Path,
    precision: Fewer,
    pictures: NDArray[Any] | None = None,
    block: int = BLOCK,
    symmetric: bool = False,
) -> tuple[onnx.ModelProto, str]:
    """A file's model in another precision, and in words how it was made.

    Args:
        model: a file in fp32, in a folder that can be written in (`static`).
        precision: what to make of it.
        pictures: input tensors (N, 3, size, size), to measure the ranges of activations on (for
            int8 activations, which need them).
        block: inputs that share a scale (int4); a layer's inputs must be a multiple of it.
        symmetric: int8 with zero points of 0.

    Raises:
        ExportError: a layer was left as it was.
    """
    import onnx

    if precision == "fp16":
        made = half(onnx.load(model))
        how = "weights in fp16, arithmetic in fp32"
    elif precision == "int4":
        made = blocks(onnx.load(model), block)
        how = f"fully connected weights in int4, blocks of {block}; convolutions in int8 a channel"
    elif precision == "int4-int8":
        from model_export.forms.matmulnbits import OPERATOR, convert

        assert pictures is not None
        made = convert(model, pictures, block)
        how = (
            f"fully connected weights in int4, blocks of {block}, multiplied as they are "
            f"({OPERATOR}, ONNX Runtime's own operator); convolutions and their activations in int8"
        )
    else:
        assert pictures is not None
        made = static(model, pictures, symmetric=symmetric)
        how = f"weights and activations in int8, static, calibrated on {len(pictures)} inputs"
        how += ", symmetric" if symmetric else ""
    check(made, precision)
    return made, how


def check(model: onnx.ModelProto, precision: Fewer) -> None:
    """Whether every layer is stored as the precision says.

    Raises:
        ExportError: one is not; names it.
    """
    wanted = {
        "fp16": {"Conv": "fp16", "Gemm": "fp16", "MatMul": "fp16"},
        "int8": {"Conv": "int8", "Gemm": "int8"},
        "int4": {"Conv": "int8", "Gemm": "int4", "MatMul": "int4"},
        "int4-int8": {"Conv": "int8", "MatMulNBits": "int4"},
    }[precision]
    rows = Graph(model).layers()
    if not rows:
        raise ExportError(f"{precision}: no layer with weights is left, nothing written")
    for row in rows:
        if row.stored != wanted.get(row.operator):
            raise ExportError(
                f"{precision}: {row.name} ({row.operator}) is still {row.stored}, nothing written"
            )
    if precision == "int8":
        made_by = {name: node.op_type for node in model.graph.node for name in node.output}
        for node in model.graph.node:
            if node.op_type in WEIGHTS and made_by.get(node.input[0]) != "DequantizeLinear":
                raise ExportError(
                    f"int8: {node.output[0]} ({node.op_type}) still reads {node.input[0]} in fp32, "
                    "nothing written"
                )
