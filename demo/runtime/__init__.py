"""ONNX Runtime on this machine: where a network runs, and how fast that could be.

| module | what it holds |
|---|---|
| `session` | a session on the GPU or the CPU, and the truth about which |
| `bound` | its buffers where it runs, used again for every batch |
| `providers` | each execution provider, really tried on `tiny.onnx` |
| `machine` | the processor and the cards, their names and best speeds |
"""
