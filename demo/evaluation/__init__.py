"""`evaluate`, from pictures to error rates.

| module | what it holds |
|---|---|
| `run` | the whole, in its order |
| `pipeline` | pictures decoded in threads, batch by batch, beside the network |
| `views` | the parts of a picture that the network sees: one, or the paper's ten |
| `evaluator` | batches through the network, one result a picture out |
| `metrics` | results counted: error rates, classes, confusions |
| `summary` | the report, as text and as JSON |
| `csv_file` | a row a picture, written as it goes |
| `progress` | how far it is, and Ctrl-C that lets it finish |
| `comparison` | `--against torch`: PyTorch on the same pictures |
| `cluster` | `--cluster`: the work spread over Ray |
"""
