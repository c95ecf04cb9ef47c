"""Where a network's numbers come from, and how a stranger's file is read without trusting it.

| module | what it holds |
|---|---|
| `loading` | from a name or a file to a network in PyTorch with its weights |
| `weights` | the bundled weights, and what is known about them |
| `local_weights` | any .pth, .safetensors or .caffemodel file: read, recognised, checked |
| `caffemodel` | Caffe's format, without Caffe |
| `download` | published files, fetched once, their hash checked |
| `listing` | ``--list``: the networks, as text |
"""
