"""ONNX Runtime on this machine: where a network runs, and how fast that could be.

| module | what it holds |
|---|---|
| `session` | open a session on a GPU or the CPU, and report which |
| `plugins` | plug-in providers: WebGPU on GPUs of every make |
| `bound` | its buffers where it runs, used again for every batch |
| `providers` | each execution provider, tried on `tiny.onnx` |
| `machine` | the processor and the cards, their names and best speeds |
| `worker` | a process that works for this one |
"""
