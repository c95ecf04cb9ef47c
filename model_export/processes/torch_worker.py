"""PyTorch in a process of its own, for programs that do not import it.

``python -m model_export.processes.torch_worker`` reads the requests of `torch_messages` from
standard input and answers on standard output. It ends with its parent: at the end of standard
input, in the midst of a run too.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from model_export.contract.errors import AlexNetError, EnvironmentLacks, UsageError
from model_export.contract.replies import take_replies
from model_export.contract.torch_messages import (
    Array,
    Failed,
    Load,
    Loaded,
    Logits,
    Quit,
    Reply,
    Request,
    Run,
    receive_request,
    send,
)
from model_export.processes.torch_start import settle

if TYPE_CHECKING:
    from torch import nn

    from model_export.contract.card import Input


class Worker:
    """The network that is loaded, if any, and what can be asked of it."""

    def __init__(self) -> None:
        self._net: nn.Module | None = None
        self._rule: Input | None = None
        self._device = "cpu"

    def answer(self, request: Request) -> Reply:
        """The reply to one request; what is wrong is a `Failed`."""
        try:
            if isinstance(request, Load):
                return self._load(request)
            assert isinstance(request, Run)
            return self._run(request.batch)
        except AlexNetError as error:
            return Failed(str(error), error.exit_code)
        except ModuleNotFoundError as error:
            return Failed(
                f"{error.name} is not installed, and the comparison runs PyTorch: "
                'run `make setup`, or pip install "alexnet-moment[export]"',
                EnvironmentLacks.exit_code,
            )
        except Exception as error:  # torch raises nearly anything; the person gets one line of it
            first = " ".join(str(error).split())[:300] or type(error).__name__
            return Failed(f"PyTorch failed on {self._device}: {first}", EnvironmentLacks.exit_code)

    def _load(self, asked: Load) -> Loaded:
        import torch

        from model_export.contract import onnx_file
        from model_export.proof import rebuild

        self._device = asked.device
        name = settle(asked.device, asked.threads)
        path = Path(asked.file)
        model = onnx_file.read(path)
        card = rebuild.card_of(path, model)
        network = rebuild.network_of(path, model, card)
        weights = Path(asked.weights) if asked.weights else None
        net, source = rebuild.in_pytorch(path, model, card, network, weights)
        self._net = net.to(asked.device)
        self._rule = card.input if card else network.input
        return Loaded(str(torch.__version__), name, source)

    def _run(self, batch: Array) -> Logits:
        import torch

        from model_export.contract.preprocessing import as_floats

        if self._net is None or self._rule is None:
            raise UsageError("no network is loaded yet: load one first")
        began = time.perf_counter()
        # A copy: torch warns of tensors over read-only bytes.
        values = as_floats(batch.numpy().copy(), self._rule)
        moved = torch.from_numpy(values).to(self._device)
        with torch.inference_mode():
            found = self._net(moved).cpu().numpy()
        return Logits(Array.of(found), time.perf_counter() - began)


def main() -> None:
    """Answer until told to quit or left alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    replies = take_replies()
    requests: queue.Queue[Request] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    worker = Worker()
    while not isinstance(request := requests.get(), Quit):
        try:
            send(replies, worker.answer(request))
        except BrokenPipeError:
            break
    os._exit(0)


def _listen(stream: IO[bytes], requests: queue.Queue[Request]) -> None:
    """Take requests in; where the stream ends the process does, whatever it is at."""
    try:
        while request := receive_request(stream):
            requests.put(request)
    finally:
        if not requests.qsize() or not isinstance(requests.queue[-1], Quit):
            os._exit(0)


if __name__ == "__main__":
    main()
