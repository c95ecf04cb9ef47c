"""ONNX Runtime's plug-in providers: GPUs of every make through WebGPU, and OpenVINO.

A plug-in is a package of its own beside ONNX Runtime. It never appears in
`onnxruntime.get_available_providers`: its library is registered, and a session chooses one of its
devices. WebGPU speaks Vulkan, Metal or Direct3D 12: it runs on NVIDIA, AMD, Intel and Apple cards.
A software adapter (SwiftShader) is taken only where ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER=1 is set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnxruntime

WEBGPU = "WebGpuExecutionProvider"
PACKAGES = {
    WEBGPU: "onnxruntime-ep-webgpu",
    "OpenVINOExecutionProvider": "onnxruntime-ep-openvino",
}
"""The plug-ins that are looked for, by the name of their provider."""

INSTALL = 'pip install "alexnet-moment[webgpu]"'
TOLERANCE = 1e-3
"""Relative L2 distance from the CPU that a device's logits may have in fp32."""

_MAKERS = {0x10DE: "NVIDIA", 0x1002: "AMD", 0x8086: "Intel", 0x106B: "Apple", 0x13B5: "Arm"}


@dataclass(frozen=True)
class Adapter:
    """A device of a plug-in. ``name`` is for a person; ``software`` where no card is behind it."""

    provider: str
    name: str
    software: bool
    device: onnxruntime.OrtEpDevice


@cache
def adapters(provider: str) -> tuple[Adapter, ...]:
    """The devices that a plug-in offers here; none where its package is not installed."""
    import onnxruntime

    try:
        plugin = import_module(PACKAGES[provider].replace("-", "_"))
    except ImportError:
        return ()
    onnxruntime.register_execution_provider_library(
        f"alexnet.{provider}", str(Path(plugin.get_library_path()))
    )
    return tuple(
        _adapter(provider, device)
        for device in onnxruntime.get_ep_devices()
        if device.ep_name == provider
    )


def _adapter(provider: str, device: onnxruntime.OrtEpDevice) -> Adapter:
    kind = device.device.type.name
    software = provider == WEBGPU and kind == "CPU"
    maker = _MAKERS.get(device.device.vendor_id, device.device.vendor or "unknown make")
    told = dict(device.device.metadata)
    name = told.get("Description") or f"{maker} {kind} {device.device.device_id:#06x}"
    return Adapter(provider, "software (Vulkan on the CPU)" if software else name, software, device)


def open_on(
    adapter: Adapter, model: Path, options: onnxruntime.SessionOptions
) -> onnxruntime.InferenceSession:
    """A session with every node on the adapter: falling back to the CPU is forbidden.

    Raises:
        Exception: ONNX Runtime's own, an operator that the provider lacks for one.
    """
    import onnxruntime

    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    options.add_provider_for_devices([adapter.device], {})
    # enable_fallback: else the Python class itself tries the CPU when the device fails.
    return onnxruntime.InferenceSession(model, options, enable_fallback=0)


def distance(
    session: onnxruntime.InferenceSession, reference: onnxruntime.InferenceSession
) -> float:
    """Relative L2 distance of all outputs on a batch of noise, the same for both sessions.

    A provider can be wrong without an error: WebGPU's plug-in 0.4.0 is, for a convolution with as
    many groups as channels and several outputs a group.
    """
    random = np.random.default_rng(2012)
    feeds = {}
    for tensor in session.get_inputs():
        shape = [d if isinstance(d, int) else 1 for d in tensor.shape]
        noise = random.standard_normal(shape)
        if tensor.type == "tensor(uint8)":
            feeds[tensor.name] = np.clip(128 + 64 * noise, 0, 255).astype(np.uint8)
        else:
            kind = np.float16 if tensor.type == "tensor(float16)" else np.float32
            feeds[tensor.name] = noise.astype(kind)
    apart = size = 0.0
    for got, wanted in zip(session.run(None, feeds), reference.run(None, feeds), strict=True):
        apart += float(((got.astype(np.float64) - wanted) ** 2).sum())
        size += float((wanted.astype(np.float64) ** 2).sum())
    return float(np.sqrt(apart / size)) if size else float(np.sqrt(apart))
