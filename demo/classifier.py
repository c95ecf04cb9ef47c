"""The network as an object: pictures in, names and probabilities out.

    with Classifier("build/alexnet64.onnx") as classifier:
        classifier.classify(["cat.jpg"])[0].top

Everything needed to run a file rightly stands in its card (`model_export.contract.card`).
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.errors import ModelError, ResultError, UsageError
from demo.pictures.decoding import Picture, decode
from demo.places import default_model
from demo.report import complain, counted
from demo.runtime.bound import Bound
from demo.runtime.machine import cores
from demo.runtime.session import KINDS, MAKE_ONE, Device, Ran, card_in, open_session, run_errors
from model_export.contract import onnx_file
from model_export.contract.card import METADATA_KEY, ModelCard
from model_export.contract.foreign import CardOptions, card_of
from model_export.contract.preprocessing import Floats, Pixels, preprocess

if TYPE_CHECKING:
    import onnxruntime

    from demo.options import NetworkOptions


@dataclass(frozen=True)
class ClassScore:
    """One class, its WordNet id where it has one, its probability, 0 to 1, and its place.

    ``index`` is where the class stands among the network's outputs and the card's labels, from 0.
    """

    label: str
    wnid: str | None
    probability: float
    index: int


@dataclass(frozen=True)
class Milliseconds:
    """Where the time went.

    ``decode``: reading, decoding and preprocessing. ``inference``: the network, a batch's time
    shared equally among its pictures.
    """

    decode: float
    inference: float


@dataclass(frozen=True)
class Prediction:
    """What the network says of one picture; ``top`` runs from the likeliest down.

    ``size`` is (width, height) in pixels, upright, before resizing.
    """

    size: tuple[int, int]
    top: tuple[ClassScore, ...]
    milliseconds: Milliseconds


class Classifier:
    """An exported network, loaded.

    Threads may share one: nothing in it changes after it is made, until `close`.

    Args:
        model: the ONNX file; by default build/alexnet64.onnx, else the bundled small form.
        device: ``cpu``, ``cuda``, ``webgpu``, or ``auto``: the best that works.
        batch_size: pictures that go through the network together.
        threads: of one run on the CPU; 0 all cores, 1 where several threads share the classifier.
        given: what the user states about a file without a card.

    Attributes:
        path: the ONNX file.
        card: what the file says of itself.
        provider: ONNX Runtime's name of what really runs, ``CUDAExecutionProvider`` for one.
        device: ``cpu``, ``cuda`` or ``webgpu``, likewise.
        device_note: why `auto` took that.
        device_warning: set where a GPU is here and could not be used.

    Raises:
        ModelError: no such file, not a model, no card, or a card that does not fit the graph.
        DeviceError: a GPU was asked for and does not work.
        ValueError: an unknown device, or a batch of none.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        device: Device = "auto",
        batch_size: int = 32,
        threads: int = 0,
        given: CardOptions | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is at least 1, not {batch_size}")
        self.path = Path(model or default_model())
        self.batch_size = batch_size
        runtime = open_session(self.path, device, threads)
        self._session: onnxruntime.InferenceSession | None = runtime.session
        self.card = self._read_card(runtime.session, given or CardOptions())
        self.provider: str = runtime.provider
        self.device: Ran = runtime.device
        self.device_note = runtime.note
        self.device_warning = runtime.warning
        # Its scale is of the whole batch: one picture would change the answer to another.
        self._one_by_one = self._may_have("DynamicQuantizeLinear")
        self._softmax = self._ends_in_softmax(runtime.session)

    def __enter__(self) -> Classifier:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the model and its memory; closing twice does no harm."""
        self._session = None

    @cached_property
    def plain(self) -> bool:
        """Whether its batches can be bound as they are: any number, channels first, logits out."""
        session = self._session
        assert session is not None
        fixed = self._one_by_one or isinstance(session.get_inputs()[0].shape[0], int)
        output = next(t for t in session.get_outputs() if t.name == self.card.output)
        usual = output.type == "tensor(float)" and len(output.shape) == 2
        return usual and not fixed and not self._softmax and self.card.input.layout == "NCHW"

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the ONNX file, hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def classify(self, pictures: Sequence[Picture], top: int = 5) -> list[Prediction]:
        """Name what is in each picture.

        Args:
            pictures: paths, bytes of files, Pillow images, arrays (H, W, 3) of uint8.
            top: classes to a picture; all of them, where the network knows fewer.

        Returns:
            one prediction for each picture, in their order.

        Raises:
            PictureError: one of them cannot be decoded; the message names it.
            ResultError: the network gave something that is no number.
            DeviceError, ModelError: as `logits`.
            TypeError: a single picture instead of a list of them, or of no type that is read.
            ValueError: ``top`` is less than 1, or the classifier is closed.
        """
        if isinstance(pictures, (str, bytes, os.PathLike, Image.Image, np.ndarray)):
            raise TypeError("classify takes a list of pictures: classify([picture])")
        if top < 1:
            raise ValueError(f"top is at least 1, not {top}")
        found: list[Prediction] = []
        for start in range(0, len(pictures), self.batch_size):
            found.extend(self._classify_batch(pictures[start : start + self.batch_size], top))
        return found

    def preprocess(self, picture: Picture) -> Floats | Pixels:
        """A picture to the network's input, (3, size, size), of the type that the card names.

        Raises:
            PictureError: it cannot be decoded.
        """
        return preprocess(decode(picture), self.card.input)

    def logits(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """A batch (N, 3, size, size) to the last layer's output (N, classes).

        The batch is float32, normalised, or the pixels in uint8 where the card says so.

        Raises:
            ValueError: of another shape or type, or the classifier is closed.
            DeviceError: the run failed, for want of memory for one.
            ModelError: what came out is not of as many classes as the card names.
        """
        session = self._session
        if session is None:
            raise ValueError("the classifier is closed")
        size, kind = self.card.input.size, self.card.input.dtype
        if batch.dtype != kind or batch.ndim != 4 or batch.shape[1:] != (3, size, size):
            raise ValueError(
                f"a batch is {kind} (N, 3, {size}, {size}), not {batch.dtype} {batch.shape}"
            )
        classes = len(self.card.labels)
        if not len(batch):
            return np.empty((0, classes), np.float32)
        with run_errors(self.path, self.provider, len(batch)):
            output = self._run(session, batch)
        output = output.reshape(len(output), -1)
        if output.shape != (len(batch), classes):
            raise ModelError(
                f"{self.path}: gives {output.shape} for {counted(len(batch), 'picture')}, but its "
                f"card names {classes} classes; {MAKE_ONE}"
            )
        logits: NDArray[np.float32] = output.astype(np.float32, copy=False)
        if self._softmax and (logits.min() < -0.01 or logits.max() > 1.01):
            raise ResultError(
                f"{self.path}: its outputs were said to be probabilities, and are from "
                f"{logits.min():.3g} to {logits.max():.3g}; say --outputs logits"
            )
        if self._softmax:  # their logarithms are logits that give the same probabilities
            logits = np.log(np.maximum(logits, np.finfo(np.float32).tiny))
        return logits

    def outputs(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the graph itself gave where it gave `logits`: after a softmax, probabilities."""
        return np.exp(logits) if self._softmax else logits

    def _run(self, session: onnxruntime.InferenceSession, batch: NDArray[Any]) -> NDArray[Any]:
        """A batch (N, 3, size, size) through a graph of any layout and batch size."""
        if self.card.input.layout == "NHWC":
            batch = np.ascontiguousarray(batch.transpose(0, 2, 3, 1))
        image = next(t for t in session.get_inputs() if t.name == self.card.input.name)
        fixed = 1 if self._one_by_one else len(batch)
        if isinstance(image.shape[0], int):
            fixed = image.shape[0]
        found = []
        for start in range(0, len(batch), fixed):
            part = batch[start : start + fixed]
            if len(part) < fixed:
                part = np.concatenate(
                    [part, np.zeros((fixed - len(part), *part.shape[1:]), part.dtype)]
                )
            (output,) = session.run([self.card.output], {self.card.input.name: part})
            found.append(output if output.ndim > 1 else output[None])
        return np.concatenate(found)[: len(batch)] if len(found) > 1 else found[0][: len(batch)]

    def _may_have(self, operator: str) -> bool:
        """Whether the graph has this operator, or nobody can tell."""
        try:
            return operator in onnx_file.read(self.path).operators
        except UsageError:
            return True

    def _ends_in_softmax(self, session: onnxruntime.InferenceSession) -> bool:
        """Whether the output is probabilities: as the user says, or as a run on zeros shows."""
        outputs = self.card.training.get("outputs")
        if outputs is not None:
            return bool(outputs == "probabilities")
        if not self._may_have("Softmax"):
            return False
        spec = self.card.input
        with run_errors(self.path, self.provider, 1):
            output = self._run(session, np.zeros((1, 3, spec.size, spec.size), spec.dtype))
        return bool(output.min() >= 0 and abs(float(output.sum()) - 1) < 1e-2)

    def check_numbers(self, logits: NDArray[np.float32]) -> None:
        """Whether logits can be an answer.

        Raises:
            ResultError: one of them is no number, or infinite.
        """
        if not np.isfinite(logits).all():
            other = "a model of another precision"
            if self.device != "cpu":
                other = f"--device cpu, or {other}"
            raise ResultError(
                f"{self.path}: gave a value that is no number on {self.provider}; try {other}"
            )

    def bound(self, batch: int) -> Bound:
        """Buffers for batches of one size, where the network runs; see `demo.runtime.bound`.

        Raises:
            ValueError: the classifier is closed.
            DeviceError: there is no memory for them.
        """
        if self._session is None:
            raise ValueError("the classifier is closed")
        card, size = self.card, self.card.input.size
        with run_errors(self.path, self.provider, batch):
            return Bound(
                self._session, card.input.name, card.output, (batch, 3, size, size),
                len(card.labels), self.device, card.input.dtype,
            )  # fmt: skip

    def scores(self, logits: NDArray[np.float32], top: int = 5) -> list[tuple[ClassScore, ...]]:
        """The likeliest ``top`` classes of each row of logits (N, classes), the likeliest first."""
        return [
            tuple(
                self._score(int(k), float(probabilities[k]))
                for k in np.argsort(-probabilities, kind="stable")[:top]
            )
            for probabilities in softmax(logits, self.card.temperature)
        ]

    def _classify_batch(self, pictures: Sequence[Picture], top: int) -> Iterator[Prediction]:
        size = self.card.input.size
        batch = np.empty((len(pictures), 3, size, size), self.card.input.dtype)
        sizes, decoded = [], []
        for i, picture in enumerate(pictures):
            began = time.perf_counter()
            image = decode(picture)
            batch[i] = preprocess(image, self.card.input)
            sizes.append(image.size)
            decoded.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        logits = self.logits(batch)
        inference = 1000 * (time.perf_counter() - began) / len(pictures)
        self.check_numbers(logits)
        for i, scores in enumerate(self.scores(logits, top)):
            yield Prediction(sizes[i], scores, Milliseconds(decoded[i], inference))

    def _score(self, index: int, probability: float) -> ClassScore:
        label = self.card.labels[index]
        return ClassScore(label.name, label.wnid, probability, index)

    def _read_card(self, session: onnxruntime.InferenceSession, given: CardOptions) -> ModelCard:
        """The card in the file, or the user's own, checked against the graph it describes."""
        metadata = session.get_modelmeta().custom_metadata_map
        if METADATA_KEY not in metadata:
            if not given.anything:
                raise ModelError(
                    f"{self.path} carries no model card, so its classes and its input are unknown: "
                    "say them with --labels FILE, and --mean, --std and others where they differ "
                    "from ImageNet's; or write them into a copy with `python -m model_export adopt`"
                )
            card = card_of(self.path, given)
        elif given.anything:
            raise UsageError(
                f"{self.path} carries a card: --labels, --mean and the like are for files without"
            )
        else:
            card = card_in(metadata, self.path)
        for what, name, known in (
            ("input", card.input.name, session.get_inputs()),
            ("output", card.output, session.get_outputs()),
        ):
            if name not in (names := [tensor.name for tensor in known]):
                raise ModelError(
                    f"{self.path}: the card's {what} {name!r} is not in the graph, which has "
                    f"{', '.join(map(repr, names))}; {MAKE_ONE}"
                )
        image = next(t for t in session.get_inputs() if t.name == card.input.name)
        if others := [repr(t.name) for t in session.get_inputs() if t is not image]:
            raise ModelError(
                f"{self.path}: needs {', '.join(others)} besides the picture, which nothing here "
                f"gives; {MAKE_ONE}"
            )
        if KINDS.get(image.type) != card.input.dtype:
            raise ModelError(
                f"{self.path}: its input is {image.type}, and its card says {card.input.dtype}; "
                f"{MAKE_ONE}"
            )
        shape = next(t for t in session.get_outputs() if t.name == card.output).shape
        known = all(isinstance(length, int) for length in shape[1:])  # (N, classes, 1, 1) too
        if len(shape) > 1 and known and prod(shape[1:]) != len(card.labels):
            raise ModelError(
                f"{self.path}: its output is of {prod(shape[1:]):,} classes, and its card names "
                f"{len(card.labels):,}; {'give as many --labels' if given.anything else MAKE_ONE}"
            )
        return card


def open_classifier(options: NetworkOptions, session_threads: int | None = None) -> Classifier:
    """What a command line asks for; a GPU that is here and cannot be used is warned of.

    Args:
        options: of the command line.
        session_threads: of one run on the CPU, where that is not the number asked for.

    Raises:
        ModelError, DeviceError: as `Classifier`.
    """
    threads = min(options.threads or cores(), cores())  # more would wait for each other
    if session_threads is not None:
        threads = session_threads
    classifier = Classifier(options.model, options.device, threads=threads, given=options)
    if classifier.device_warning:
        complain(classifier.device_warning, "warning")
    return classifier


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities, (N, classes), of logits over the card's temperature, in double precision."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):  # far below the highest: minus infinity, a share of 0
        shifted /= temperature
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted
