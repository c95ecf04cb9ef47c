"""What stands behind `evaluate`, from pictures to error rates.

| module | what it holds |
|---|---|
| `run` | the whole, in its order |
| `pipeline` | pictures decoded in threads, batch by batch, beside the network |
| `views` | the parts of a picture that the network sees: one, or the paper's ten |
| `evaluator` | batches through the network, one row a picture out |
| `rows` | the rows as a CSV file, written as it goes and read to go on |
| `tally` | rows counted: error rates, classes, confusions |
| `scores` | the report, as text and as JSON |
| `progress` | how far it is, and Ctrl-C that lets it finish |
| `comparison` | `--against torch`: PyTorch on the same pictures |
| `cluster` | `--cluster`: the work spread over Ray |
"""
