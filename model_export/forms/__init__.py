"""The forms in which a network can be written, each a change of its ONNX graph.

| module | what it holds |
|---|---|
| `precision` | fp16, int8 and int4 |
| `calibration`, `ranges` | the pictures on which int8 is measured, and what is measured on them |
| `bytes_input` | ``--uint8-input``: the graph takes bytes and normalises them |
| `taps` | ``--taps``: what the layers see, as outputs |
| `triton` | ``--triton``: a model repository for NVIDIA's server |

The form with ONNX Runtime's own operator is a command by itself, `model_export.matmulnbits`.
"""
