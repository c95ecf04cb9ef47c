"""PyTorch to ONNX for AlexNet: architectures, training, export, and the model card.

Importing this package imports neither torch nor onnx; only the functions that need them do.
"""

__version__ = "0.1.0"
