"""An int8 network fed with the very bytes that its first convolution reads.

A form whose activations are quantised turns its input into bytes first: the pixels, normalised to
float32 only just before. A picture has 256 grey levels to a colour, so the way from a level to a
byte is a table, and here a product and a sum that were compared with that table, level by level,
when the file was opened. The bytes take a quarter of the memory, and some passes over them less.

They lie as the picture lies: row after row, red, green and blue side by side. As many neighbours as
the stride of the first convolution together (AlexNet: four pixels, 11 x 11 with stride 4) are taken
for one pixel of four times three channels. The stride along a row is then 1, and ONNX Runtime reads
the values where they are, where of three channels it first copies every patch (im2col): a fifth
less time for that layer, although some of its weights are zeros now.

Every whole number that the graph sums is the same as before, so the logits are the same too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from demo.pictures.scratch import Scratch
from model_export.card import Input
from model_export.preprocess import to_tensor

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

_COLOURS, _HIGHEST = 3, 255
_scratch = Scratch()

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Quantisation:
    """From normalised values to bytes: ``round(value / scale) + zero``, from 0 to 255."""

    scale: np.float32
    zero: int

    def of(self, values: NDArray[np.float32]) -> Bytes:
        """As ONNX's QuantizeLinear: halves to the even number."""
        whole = np.rint(values / self.scale) + np.float32(self.zero)
        made: Bytes = np.clip(whole, 0, _HIGHEST).astype(np.uint8)
        return made


@dataclass(frozen=True)
class Affine:
    """Grey levels to bytes by a product and a sum, of which the fraction is left off.

    ``weigh`` and ``shift`` are of a row of pixels, (3 * size,), in the card's order of channels;
    ``within`` says that every level becomes a byte without being cut off.
    """

    weigh: NDArray[np.float32]
    shift: NDArray[np.float32]
    within: bool

    @classmethod
    def of(cls, spec: Input, quantisation: Quantisation) -> Affine:
        """What stands for a card's normalisation and that quantisation; `agrees` says whether."""
        mean, deviation = np.array(spec.mean), np.array(spec.std) * float(quantisation.scale)
        weigh, shift = 1 / (_HIGHEST * deviation), quantisation.zero + 0.5 - mean / deviation
        within = shift.min() > 0 and (_HIGHEST * weigh + shift).max() < _HIGHEST + 1
        row, more = (np.tile(of.astype(np.float32), spec.size) for of in (weigh, shift))
        return cls(row, more, bool(within))

    def agrees(self, spec: Input, quantisation: Quantisation) -> bool:
        """Whether each of the 256 levels of each colour becomes the very byte."""
        level = np.arange(_HIGHEST + 1, dtype=np.float32)
        pixels = np.repeat(level[:, None, None], _COLOURS, axis=2)
        values = np.empty((_COLOURS, len(level), 1), np.float32)
        to_tensor(pixels, spec, values)
        wanted = quantisation.of(values)[:, :, 0].T
        found = np.empty((len(level), len(self.weigh)), np.uint8)
        self.write(np.repeat(level[:, None], len(self.weigh), axis=1), found)
        return np.array_equal(found, np.tile(wanted, spec.size))

    def write(self, levels: NDArray[Any], out: Bytes) -> None:
        """Levels (rows, 3 * size), the card's channels side by side, to bytes (rows, 3 * size), or
        those of the first columns."""
        made = _scratch.of("levels", *levels.shape)
        np.multiply(levels, self.weigh, out=made)
        made += self.shift
        if not self.within:
            np.clip(made, 0, _HIGHEST, out=made)
        np.copyto(out, made[:, : out.shape[1]], casting="unsafe")


@dataclass(frozen=True)
class Packed:
    """What the graph takes for a picture, and how to make it.

    Attributes:
        spec: the card's rule.
        step: pixels side by side that are taken for one.
        columns: of such pixels, in a row.
        left: pixels of padding before the first of a row.
        quantisation, affine: of the graph's input.
    """

    spec: Input
    step: int
    columns: int
    left: int
    quantisation: Quantisation
    affine: Affine

    dtype = "uint8"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(rows, columns, channels) of one picture."""
        return self.spec.size, self.columns, self.step * _COLOURS

    def write(self, pixels: NDArray[Any], out: Bytes) -> None:
        """Pixels (size, size, 3), red first, whole numbers of 0 to 255, to ``out``, of `shape` and
        contiguous."""
        if self.spec.channels == "BGR":
            pixels = pixels[:, :, ::-1]
        self.affine.write(pixels.reshape(self.spec.size, -1), self._rows(out))

    def of(self, tensors: NDArray[np.float32]) -> Bytes:
        """Tensors (N, 3, size, size), as `preprocess` makes them, to (N, *shape)."""
        made = np.empty((len(tensors), *self.shape), np.uint8)
        for tensor, out in zip(tensors, made, strict=True):
            rows = self._rows(out)
            values = self.quantisation.of(tensor).transpose(1, 2, 0).reshape(self.spec.size, -1)
            rows[:] = values[:, : rows.shape[1]]
        return made

    def _rows(self, out: Bytes) -> Bytes:
        """Where the pixels go, (size, 3 * those of a row); what is beside them becomes padding."""
        rows = out.reshape(self.spec.size, -1)
        first = self.left * _COLOURS
        end = min(first + self.spec.size * _COLOURS, rows.shape[1])
        rows[:, :first] = rows[:, end:] = self.quantisation.zero
        return rows[:, first:end]


@dataclass(frozen=True)
class _Stem:
    """The nodes before the first sum: QuantizeLinear, DequantizeLinear, Conv.

    ``kernels`` are the weights, int8 (kernels, 3, taps, taps).
    """

    quantise: NodeProto
    convolution: NodeProto
    kernels: TensorProto
    stride: int
    pads: list[int]


def rewrite(model: ModelProto, spec: Input) -> Packed | None:
    """Give a model's graph an input of bytes, in place.

    Args:
        model: of any form.
        spec: of its card.

    Returns:
        how that input is made; None where the model stays as it was, as its first layer is no
        quantised convolution with a stride.
    """
    import onnx

    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    stem = _stem(graph, tensors, spec)
    if stem is None:
        return None
    scale, zero = (onnx.numpy_helper.to_array(tensors[n]) for n in stem.quantise.input[1:])
    quantisation = Quantisation(np.float32(scale), int(zero))
    affine = Affine.of(spec, quantisation)
    if not affine.agrees(spec, quantisation):
        return None
    weights = onnx.numpy_helper.to_array(stem.kernels)
    kernels, _, high, wide = weights.shape
    step, (top, left, bottom, right) = stem.stride, stem.pads
    outputs = (spec.size + left + right - wide) // step + 1
    taps = -(-wide // step)
    packed = Packed(spec, step, outputs + taps - 1, left, quantisation, affine)
    wider = np.pad(weights, ((0, 0), (0, 0), (0, 0), (0, taps * step - wide)))
    grouped = wider.reshape(kernels, _COLOURS, high, taps, step).transpose(0, 4, 1, 2, 3)
    together = np.ascontiguousarray(grouped.reshape(kernels, step * _COLOURS, high, taps))
    stem.kernels.CopyFrom(onnx.numpy_helper.from_array(together, stem.kernels.name))
    for name, value in {
        "kernel_shape": [high, taps],
        "strides": [step, 1],
        "pads": [top, 0, bottom, 0],
    }.items():
        _set(stem.convolution, name, value)
    image = next(i for i in graph.input if i.name == spec.name)
    shape: list[str | int | None] = ["batch", *packed.shape]
    image.CopyFrom(onnx.helper.make_tensor_value_info(spec.name, onnx.TensorProto.UINT8, shape))
    order = onnx.helper.make_node(  # what ONNX Runtime takes out again: it computes in that order
        "Transpose", [spec.name], [stem.quantise.output[0]], perm=[0, 3, 1, 2]
    )
    stem.quantise.CopyFrom(order)
    del graph.value_info[:]
    return packed


def _stem(graph: GraphProto, tensors: dict[str, TensorProto], spec: Input) -> _Stem | None:
    """The nodes that can be written anew."""
    import onnx

    def after(value: str, operator: str) -> NodeProto | None:
        """The only node that reads a value."""
        readers = [node for node in graph.node if value in node.input]
        alone = len(readers) == 1 and value not in {output.name for output in graph.output}
        return readers[0] if alone and readers[0].op_type == operator else None

    quantise = after(spec.name, "QuantizeLinear")
    dequantise = quantise and after(quantise.output[0], "DequantizeLinear")
    convolution = dequantise and after(dequantise.output[0], "Conv")
    if not (quantise and dequantise and convolution):
        return None
    scaled = next((n for n in graph.node if convolution.input[1] in n.output), None)
    if scaled is None or scaled.op_type != "DequantizeLinear" or len(scaled.input) < 3:
        return None
    kernels, scales, zeros = (tensors.get(name) for name in scaled.input)
    if (
        kernels is None
        or scales is None
        or zeros is None
        or not after(kernels.name, scaled.op_type)
    ):
        return None
    by_kernel = not scales.dims or {a.name: a.i for a in scaled.attribute}.get("axis", 1) == 0
    symmetric = not onnx.numpy_helper.to_array(zeros).any()
    if kernels.data_type != onnx.TensorProto.INT8 or not by_kernel or not symmetric:
        return None
    limits = [tensors.get(name) for name in quantise.input[1:]]
    kinds = [None if limit is None or limit.dims else limit.data_type for limit in limits]
    if kinds != [onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8]:
        return None
    given = next(i for i in graph.input if i.name == spec.name).type.tensor_type
    shape = [dimension.dim_value for dimension in given.shape.dim]
    told = {a.name: onnx.helper.get_attribute_value(a) for a in convolution.attribute}
    stride, *others = told.get("strides", [1, 1])
    pads = told.get("pads", [0] * 4)
    ordinary = (
        spec.dtype == "float32"
        and shape[1:] == [_COLOURS, spec.size, spec.size]
        and kernels.dims[1] == _COLOURS
        and told.get("kernel_shape", kernels.dims[2:]) == kernels.dims[2:]
        and told.get("auto_pad", b"NOTSET") == b"NOTSET"
        and told.get("group", 1) == 1
        and set(told.get("dilations", [1])) == {1}
        and others == [stride]
        and stride > 1
        and len(pads) == 4
        and min(pads) >= 0
    )
    return _Stem(quantise, convolution, kernels, stride, pads) if ordinary else None


def _set(node: NodeProto, name: str, value: list[int]) -> None:
    import onnx

    for attribute in [a for a in node.attribute if a.name == name]:
        node.attribute.remove(attribute)
    node.attribute.append(onnx.helper.make_attribute(name, value))
