"""SwiftShader, Vulkan in software, which comes with Chromium: a GPU interface on every machine."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

_PLACES = (
    Path("/usr/lib/chromium"),  # Debian's package
    *sorted(Path.home().glob(".cache/ms-playwright/chromium-*/chrome-linux*")),
)


def environment() -> dict[str, str]:
    """Variables with which a program finds SwiftShader; skips the test where it is not here."""
    if find_spec("onnxruntime_ep_webgpu") is None:
        pytest.skip("the plug-in is not installed: pip install onnxruntime-ep-webgpu")
    folder = next((p for p in _PLACES if (p / "vk_swiftshader_icd.json").exists()), None)
    if folder is None:
        pytest.skip("no SwiftShader here: it comes with Chromium")
    libraries = os.pathsep.join(filter(None, (str(folder), os.environ.get("LD_LIBRARY_PATH"))))
    return {
        **os.environ,
        "LD_LIBRARY_PATH": libraries,  # Chromium's libvulkan.so.1, where the system has none
        "VK_ICD_FILENAMES": str(folder / "vk_swiftshader_icd.json"),
        "ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER": "1",
    }
