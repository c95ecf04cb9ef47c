"""How PyTorch starts in a process of its own: for answers (`torch_worker`), for times
(`torch_contestant`).

Both compute in full fp32, as the exported file does, on the device asked for or not at all.
"""

from __future__ import annotations

from model_export.contract.errors import EnvironmentLacks


def settle(device: str, threads: int) -> str:
    """Ready PyTorch for a device, ``cpu`` or ``cuda``, and give its name.

    Args:
        device: as above.
        threads: of PyTorch's own operations; 0 leaves its choice.

    Raises:
        EnvironmentLacks: there is no GPU that works.
    """
    import torch

    if threads:
        torch.set_num_threads(threads)
    if device == "cpu":
        return "cpu"
    if not torch.cuda.is_available():
        raise EnvironmentLacks(f"PyTorch {torch.__version__} finds no GPU that works")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    return str(torch.cuda.get_device_name())
