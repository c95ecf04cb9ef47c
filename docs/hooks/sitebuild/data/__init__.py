"""What `docs/data` holds, as typed objects: facts, events, sources, runs, network plans."""
