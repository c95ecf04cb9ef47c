"""Batches through a session without new buffers each time: ONNX Runtime's IOBinding.

Input and output of one batch size live where the network runs. On a GPU a batch is copied into
the same memory there again and again, and nothing is allocated while it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnxruntime


class Bound:
    """One session with buffers for batches of one size.

    Args:
        session: loaded.
        image, output: names of its input and output.
        shape: (batch, *what the network takes for a picture).
        classes: of the output, (batch, classes).
        device: where the buffers are.
        kind: the type of the input, float32 or uint8.
    """

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        image: str,
        output: str,
        shape: tuple[int, int, int, int],
        classes: int,
        device: str,
        kind: str = "float32",
    ) -> None:
        import onnxruntime

        self.shape = shape
        self._session = session
        make = onnxruntime.OrtValue.ortvalue_from_shape_and_type
        self._image = make(list(shape), np.dtype(kind).type, device, 0)
        self._output = make([shape[0], classes], np.float32, device, 0)
        self._binding = session.io_binding()
        self._binding.bind_ortvalue_input(image, self._image)
        self._binding.bind_ortvalue_output(output, self._output)

    def run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Logits (batch, classes) of a batch of just `shape`, contiguous.

        Raises:
            Exception: ONNX Runtime's own; `demo.runtime.session.run_errors` has the words for it.
        """
        self._image.update_inplace(batch)
        self._session.run_with_iobinding(self._binding)
        found: NDArray[np.float32] = self._output.numpy()
        return found
