"""Convolutions with fewer multiplications, for float32 on the CPU: minimal filtering.

A product with a whole tile of the output at once needs one multiplication for each value of the
tile that it reads, n = outputs + taps - 1 along an axis, where the sum over the taps needs outputs
times taps. Additions and products with small constants come before and after. Winograd found these
filters (1980); Lavin and Gray brought them to networks ("Fast Algorithms for Convolutional Neural
Networks", 2015, arXiv:1509.09308), and cuDNN chooses them by itself on a GPU. ONNX Runtime has none
for the CPU, so here a graph's convolutions are written anew in ordinary nodes: products with the
constant matrices, and in their midst one matrix product for each of the n * n values of a tile.

The sums are the same but for rounding: logits of AlexNet are some 1e-6 apart (relative L2).
The price is memory: two threads with batches of 32 take 1.3 GB for AlexNet instead of 0.5 GB.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5)  # more of them would cost digits
_LEAST_GAIN = 1.5  # in multiply-adds: what is around the products is not free
_OPSET = 13

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Filtering:
    """F(outputs, taps): so many values of a correlation with so many taps, from ``n`` products.

    With a signal d (n) and a filter g (taps) it is ``after @ ((weigh @ g) * (before @ d))``.
    """

    outputs: int
    taps: int

    @property
    def n(self) -> int:
        """Values of the signal that are read, and products."""
        return self.outputs + self.taps - 1

    @cached_property
    def after(self) -> Matrix:
        """(outputs, n): the transposed evaluation of a polynomial at the points and at infinity."""
        return _values(self._points, self.outputs).T

    @cached_property
    def weigh(self) -> Matrix:
        """(n, taps): the filter as a polynomial, at the points, each over its distances."""
        apart = self._points[:, None] - self._points
        np.fill_diagonal(apart, 1)
        weigh: Matrix = _values(self._points, self.taps)
        weigh /= np.append(apart.prod(axis=1), 1)[:, None]
        return weigh

    @cached_property
    def before(self) -> Matrix:
        """(n, n): the transposed interpolation, by Lagrange's polynomials."""
        rows = [np.poly(np.delete(self._points, i))[::-1] for i in range(self.n - 1)]
        square = np.zeros((self.n, self.n))
        square[:-1, :-1] = rows
        square[-1] = np.poly(self._points)[::-1]
        return square

    @property
    def _points(self) -> Matrix:
        return np.array(_POINTS[: self.n - 1])


def _values(points: Matrix, terms: int) -> Matrix:
    """(points + 1, terms): the powers of each point, and of infinity."""
    infinity = np.eye(1, terms, terms - 1)
    return np.vstack([np.vander(points, terms, increasing=True), infinity])


@dataclass(frozen=True)
class Axis:
    """One axis of a convolution of stride 1: its length, the zeros before and after, the taps."""

    length: int
    first: int
    last: int
    taps: int

    @property
    def outputs(self) -> int:
        return self.length + self.first + self.last - self.taps + 1

    def tiles(self, outputs: int) -> int:
        """Tiles of so many outputs that cover the axis."""
        return -(-self.outputs // outputs)

    def gather(self, filtering: Filtering) -> NDArray[np.float32]:
        """(n * tiles, length): cuts the axis into tiles, zeros and all, and applies ``before``."""
        tiles = self.tiles(filtering.outputs)
        width = max(self.first + self.length, tiles * filtering.outputs + filtering.n)
        padded = np.zeros((filtering.n, tiles, width))
        for tile in range(tiles):
            start = tile * filtering.outputs
            padded[:, tile, start : start + filtering.n] = filtering.before
        seen = padded[:, :, self.first : self.first + self.length]
        return seen.reshape(-1, self.length).astype(np.float32)


@dataclass(frozen=True)
class Convolution:
    """A convolution that can be written anew: its node, axes (height, width) and weights.

    ``weights`` is (kernels, channels / groups, taps, taps).
    """

    node: NodeProto
    axes: tuple[Axis, Axis]
    weights: NDArray[np.float32]
    groups: int

    def filtering(self) -> Filtering | None:
        """The one with the least work; None where it would not be much less than as it stands."""
        taps = self.axes[0].taps
        choices = [Filtering(m, taps) for m in range(2, len(_POINTS) + 3 - taps)]
        best = min(choices, key=self.work, default=None)
        kernels, channels = self.weights.shape[:2]
        direct = self.axes[0].outputs * self.axes[1].outputs * taps**2 * kernels * channels
        return best if best and direct >= _LEAST_GAIN * self.work(best) else None

    def work(self, filtering: Filtering) -> int:
        """Multiply-adds for one picture."""
        (high, wide), n, m = self.axes, filtering.n, filtering.outputs
        kernels, part = (int(count) for count in self.weights.shape[:2])
        rows, columns = high.tiles(m), wide.tiles(m)
        before = n * rows * wide.length * (high.length + n * columns) * part * self.groups
        products = n * n * rows * columns * part * kernels
        after = m * n * rows * columns * (n + m) * kernels
        return before + products + after

    def nodes(self, filtering: Filtering) -> Iterator[NodeProto | TensorProto]:
        """The nodes that take the convolution's place, and the constants that they need."""
        import onnx

        (high, wide), n, m = self.axes, filtering.n, filtering.outputs
        kernels, part = self.weights.shape[:2]
        channels, rows, columns = part * self.groups, high.tiles(m), wide.tiles(m)
        name = f"{self.node.output[0]}.winograd"
        made: list[NodeProto | TensorProto] = []

        def constant(value: NDArray[np.float32] | Sequence[int]) -> str:
            kind = np.float32 if isinstance(value, np.ndarray) else np.int64
            array = np.ascontiguousarray(value, kind)
            made.append(onnx.numpy_helper.from_array(array, f"{name}.{len(made)}"))
            return made[-1].name

        def node(operator: str, *inputs: str, last: bool = False, **attributes: Any) -> str:
            output = self.node.output[0] if last else f"{name}.{len(made)}"
            made.append(onnx.helper.make_node(operator, inputs, [output], **attributes))
            return output

        def shaped(value: str, *shape: int) -> str:
            return node("Reshape", value, constant(shape))

        after = filtering.after.astype(np.float32)
        at = node("Transpose", self.node.input[0], perm=[0, 2, 3, 1])
        at = shaped(at, 0, high.length, wide.length * channels)
        at = node("MatMul", constant(high.gather(filtering)), at)
        at = shaped(at, -1, wide.length, channels)
        at = node("MatMul", constant(wide.gather(filtering)), at)
        # Picture, row in a tile, tiles down, column in a tile, tiles across with all channels.
        if self.groups == 1:
            at = shaped(at, -1, n, rows, n, columns * channels)
            at = node("Transpose", at, perm=[1, 3, 0, 2, 4])
        else:
            at = shaped(at, -1, n, rows, n, columns, self.groups, part)
            at = node("Transpose", at, perm=[1, 3, 5, 0, 2, 4, 6])
        at = shaped(at, n * n * self.groups, -1, part)
        at = node("MatMul", at, constant(self._weighed(filtering)))
        at = shaped(at, n, -1)
        at = node("MatMul", constant(after), at)
        at = shaped(at, m, n, -1)
        at = node("MatMul", constant(after), at)
        at = shaped(at, m, m, self.groups, -1, rows, columns, kernels // self.groups)
        at = node("Transpose", at, perm=[3, 4, 0, 5, 1, 2, 6])
        at = shaped(at, -1, rows * m, columns * m, kernels)
        if len(self.node.input) > 2 and self.node.input[2]:
            at = node("Add", at, self.node.input[2])
        if (rows * m, columns * m) != (high.outputs, wide.outputs):
            ends = constant([high.outputs, wide.outputs])
            at = node("Slice", at, constant([0, 0]), ends, constant([1, 2]))
        node("Transpose", at, last=True, perm=[0, 3, 1, 2])
        return iter(made)

    def _weighed(self, filtering: Filtering) -> NDArray[np.float32]:
        """(n * n * groups, channels / groups, kernels / groups)."""
        kernels, part = self.weights.shape[:2]
        weighed = filtering.weigh @ self.weights.astype(np.float64) @ filtering.weigh.T
        grouped = weighed.reshape(self.groups, -1, part, filtering.n, filtering.n)
        ordered = grouped.transpose(3, 4, 0, 2, 1).astype(np.float32)
        return ordered.reshape(-1, part, kernels // self.groups)


def rewrite(model: ModelProto, shapes: GraphProto) -> int:
    """Write the convolutions of a model anew, in place.

    Args:
        model: of opset 13 or later; an earlier one is left alone.
        shapes: the same graph with the shapes of its values inferred.

    Returns:
        how many were.
    """
    graph = model.graph
    if not any(o.domain in ("", "ai.onnx") and o.version >= _OPSET for o in model.opset_import):
        return 0
    constants = {tensor.name: tensor for tensor in graph.initializer}
    sizes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*shapes.input, *shapes.value_info)
    }
    nodes: list[NodeProto] = []
    count = 0
    for node in graph.node:
        found = _convolution(node, constants, sizes) if node.op_type == "Conv" else None
        filtering = found.filtering() if found else None
        if found is None or filtering is None:
            nodes.append(node)
            continue
        count += 1
        for made in found.nodes(filtering):
            if hasattr(made, "op_type"):
                nodes.append(made)
            else:
                graph.initializer.append(made)
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    _drop_unused(graph)
    return count


def _convolution(
    node: NodeProto, constants: dict[str, TensorProto], sizes: dict[str, list[int]]
) -> Convolution | None:
    """A node that can be written anew."""
    import onnx

    weights = constants.get(node.input[1])
    size = sizes.get(node.input[0], [])
    told = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    if weights is None or weights.data_type != onnx.TensorProto.FLOAT or len(weights.dims) != 4:
        return None
    if len(size) != 4 or not all(size[1:]) or told.get("auto_pad", b"NOTSET") != b"NOTSET":
        return None
    taps = weights.dims[2]
    plain = all(set(told.get(name, [1])) == {1} for name in ("strides", "dilations"))
    if not plain or weights.dims[3] != taps or taps < 2:
        return None
    pads = told.get("pads", [0, 0, 0, 0])
    high, wide = (Axis(size[2 + i], pads[i], pads[2 + i], taps) for i in range(2))
    return Convolution(
        node, (high, wide), onnx.numpy_helper.to_array(weights), told.get("group", 1)
    )


def _drop_unused(graph: GraphProto) -> None:
    """Weights that are constants of the new nodes now."""
    used = {name for node in graph.node for name in node.input} | {o.name for o in graph.output}
    for i in reversed(range(len(graph.initializer))):
        if graph.initializer[i].name not in used:
            del graph.initializer[i]
