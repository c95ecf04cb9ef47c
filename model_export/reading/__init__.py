"""What stands in an ONNX file, and how it is opened; neither torch nor onnx is needed.

| module | what it holds |
|---|---|
| `wire` | protobuf's wire format, read in place |
| `onnx_file` | graph, tensors, metadata; the layers with their sizes |
| `inspection` | ``inspect FILE``: all of it, as text and as JSON |
| `sessions` | how ONNX Runtime has to open a file of ours |
"""
