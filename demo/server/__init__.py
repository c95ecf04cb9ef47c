"""The runner as a small web application, for one machine: `python -m demo serve`.

`docs/reference/server.md` says what it answers, with examples. A page under `/site/` learns of this
server from the field ``runner`` that it adds to the site's `assets/live/manifest.json`: a plain
host has no such field, and need not be asked.

The modules: `limits` (every limit), `app` (all of it together), `http` (hosts, headers, errors,
metrics around every request), `uploads` (bodies into memory), `decoders` (worker processes),
`engine` (the queue, batches), `api` (`/v1`), `inference_protocol` (`/v2`), `pages` (for browsers),
`errors`, `metrics`, `run` (the process).
"""
