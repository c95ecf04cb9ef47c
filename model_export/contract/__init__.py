"""What the exporter and the runner share. `demo` imports this and nothing else of the exporter.

It imports neither torch nor onnx, and nothing outside this folder.

| module | what it holds |
|---|---|
| `card` | the model card: what an exported file says about itself |
| `preprocessing` | from a picture to the input tensor, by the card |
| `labels` | the class lists that are bundled |
| `tiny_imagenet` | the data set, read in place from its folder or zip |
| `foreign` | a card for an ONNX file that another program wrote |
| `errors` | errors for the user, each with its exit code |
| `tolerances` | how far two runs of one network may differ |
| `intervals` | confidence intervals of measured shares |
| `onnx_file`, `wire` | what an ONNX file holds, read in place |
| `sessions` | how ONNX Runtime has to open an exported file |
| `worker` | how `demo` talks to the processes that it starts |
"""
