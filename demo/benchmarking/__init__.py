"""The parts of `benchmark`: `contest` lets every file on every engine take turns, `engines` runs
them, each in a process of its own."""
