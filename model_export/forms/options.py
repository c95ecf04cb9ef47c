"""The form in which a network is written, as the user chose it: options of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

import typer

from model_export.errors import OptionError
from model_export.forms.opset import NEWEST, OLDEST

Precision = Literal["fp32", "fp16", "int8", "int4", "int4-int8"]
Int8 = Literal["asymmetric", "symmetric"]
Fp16 = Literal["storage", "arithmetic"]
BLOCK = 32
BLOCKS = (32, 128)  # inputs that share a scale: closer, or smaller


def pictures(text: str | int | None) -> int | None:
    """Pictures in one run from the command line; None: any number."""
    if text in (None, "dynamic"):
        return None
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text}: give a number, or dynamic") from None


def _option(name: str, help_text: str) -> Any:
    return typer.Option(name, help=help_text, rich_help_panel="The graph")


@dataclass(frozen=True)
class Form:
    """How a file is to be written.

    Attributes:
        precision: fp32, fp16, int8, int4, or int4-int8; `precision` says what each is.
        block: inputs that share a scale in int4: 32 or 128.
        int8: ``symmetric`` has every zero point at 0 and biases in fp32.
        fp16: ``storage`` widens the weights when a session starts; ``arithmetic`` computes in fp16,
            apart from the norms.
        keep_io_types: with fp16 arithmetic, input and outputs stay float32.
        opset: of ONNX's operators; None: the newest that is written.
        batch: pictures in one run; None: any number.
        taps: more outputs, see `taps`.
        softmax: the output is ``probabilities`` instead of ``logits``.
        uint8_input: the graph takes bytes and normalises them.
    """

    precision: Annotated[
        Precision,
        _option("--precision", "Fewer bits, a smaller file; the cost is measured and shown."),
    ] = "fp32"
    block: Annotated[
        int, _option("--block", "Inputs that share a scale in int4: 32 is closer, 128 smaller.")
    ] = BLOCK
    int8: Annotated[
        Int8, _option("--int8", "Zero points: symmetric has only 0, for TensorRT and OpenCV.")
    ] = "asymmetric"
    fp16: Annotated[
        Fp16,
        _option("--fp16", "fp16 for the stored weights alone, or for the arithmetic too (GPUs)."),
    ] = "storage"
    keep_io_types: Annotated[
        bool, _option("--keep-io-types", "With fp16 arithmetic: float32 input and outputs.")
    ] = False
    opset: Annotated[
        int | None, _option("--opset", f"{OLDEST} to {NEWEST}, for an older engine.")
    ] = None
    batch: Annotated[
        int | None,
        typer.Option(
            help="Pictures in one run: a number, or dynamic.",
            parser=pictures,
            metavar="N|dynamic",
            show_default="dynamic",
            rich_help_panel="The graph",
        ),
    ] = None
    taps: Annotated[
        bool, _option("--taps", "Add conv1 to conv5, fc6, fc7 and the filters as outputs.")
    ] = False
    softmax: Annotated[bool, _option("--softmax", "Give probabilities instead of logits.")] = False
    uint8_input: Annotated[
        bool,
        _option(
            "--uint8-input",
            "Let the graph take bytes and normalise them: a quarter of the traffic.",
        ),
    ] = False

    def check(self) -> None:
        """Whether the choices exist and go together.

        Raises:
            OptionError: names the one that does not.
        """
        for name, value, known in (
            ("precision", self.precision, get_args(Precision)),
            ("int8", self.int8, get_args(Int8)),
            ("fp16", self.fp16, get_args(Fp16)),
        ):
            if value not in known:
                raise OptionError(f"--{name} {value}: give one of {', '.join(known)}")
        in_blocks = self.precision in ("int4", "int4-int8")
        if self.block not in BLOCKS or (self.block != BLOCK and not in_blocks):
            raise OptionError(f"--block {self.block}: int4 has blocks of 32 or 128, others none")
        if self.int8 == "symmetric" and self.precision != "int8":
            raise OptionError("--int8 symmetric needs --precision int8")
        if self.fp16 == "arithmetic" and self.precision != "fp16":
            raise OptionError("--fp16 arithmetic needs --precision fp16")
        if self.keep_io_types and self.fp16 != "arithmetic":
            raise OptionError("--keep-io-types needs --precision fp16 --fp16 arithmetic")
        if self.opset is not None:
            if not OLDEST <= self.opset <= NEWEST:
                raise OptionError(f"--opset {self.opset}: give {OLDEST} to {NEWEST}")
            if self.precision == "int4":
                raise OptionError(
                    "--opset: int4 in blocks begins with opset 21; for an older engine use int8"
                )
        if self.batch is not None and self.batch < 1:
            raise OptionError(f"--batch {self.batch}: give 1 or more, or dynamic")

    @property
    def half_input(self) -> bool:
        """Whether the input is float16."""
        return self.fp16 == "arithmetic" and not self.keep_io_types and not self.uint8_input

    @property
    def suffix(self) -> str:
        """What the file's default name says of the form."""
        parts: list[str] = [self.precision] if self.precision != "fp32" else []
        parts += ["symmetric"] if self.int8 == "symmetric" else []
        parts += ["arithmetic"] if self.fp16 == "arithmetic" else []
        parts += ["uint8"] if self.uint8_input else []
        return "".join(f"-{part}" for part in parts)
