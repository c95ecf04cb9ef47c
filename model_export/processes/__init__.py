"""Processes that `demo` starts and talks to, so that it need not import PyTorch itself.

| module | what it holds |
|---|---|
| `torch_worker`, `torch_messages` | PyTorch that answers batches, and the messages between |
| `torch_loop` | the usual way to evaluate with PyTorch, timed |
| `torch_contestant` | PyTorch in `demo benchmark` |
| `torch_start` | how PyTorch is set before it runs |
| `timing` | the loop of a process that is timed, whichever engine it holds |
| `replies` | standard output kept for the answers |
"""
