"""What `make` runs beside the build: `python -m sitebuild VERB`, see `sitebuild.__main__`."""
