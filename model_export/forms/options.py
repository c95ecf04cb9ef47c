"""The form in which a network is written, as the user chose it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from model_export.errors import OptionError
from model_export.forms.opset import NEWEST, OLDEST
from model_export.forms.precision import BLOCK, BLOCKS, Precision

Int8 = Literal["asymmetric", "symmetric"]
Fp16 = Literal["storage", "arithmetic"]


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

    precision: Precision = "fp32"
    block: int = BLOCK
    int8: Int8 = "asymmetric"
    fp16: Fp16 = "storage"
    keep_io_types: bool = False
    opset: int | None = None
    batch: int | None = None
    taps: bool = False
    softmax: bool = False
    uint8_input: bool = False

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
