"""What stands behind `benchmark`: `contest` lets all take turns, each a `contestant` in a process
of its own."""
