"""The forms in which a network can be written, each a change of its ONNX graph.

| module | what it holds |
|---|---|
| `options` | the user's choice, checked |
| `from_pytorch` | PyTorch's exporter, and the clean graph |
| `precision`, `quantise` | fp16, int8 and int4 |
| `half_arithmetic` | ``--fp16 arithmetic`` |
| `matmulnbits` | ``--precision int4-int8``, with ONNX Runtime's own operator |
| `calibration`, `ranges` | the pictures on which int8 is measured, and what is measured on them |
| `opset` | ``--opset`` and ``--batch`` |
| `bytes_input` | ``--uint8-input``: the graph takes bytes and normalises them |
| `taps` | ``--taps``: what the layers see, as outputs |
| `gradient` | ``--gradient``: the backward pass as a graph |
| `learning` | ``--learn``: a training step as a graph |
| `hub_card` | ``--hub-card``: a page for the Hugging Face Hub |
| `triton` | ``--triton``: a model repository for NVIDIA's server |
"""
