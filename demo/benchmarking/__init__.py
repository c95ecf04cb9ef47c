"""The parts of `benchmark`: `interleaved` runs the rounds, each `candidate` in its own process."""
