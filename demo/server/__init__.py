"""The runner as a small web application, for one machine: `python -m demo serve`.

What it answers (`docs/reference/server.md` says it with examples):

| address | what |
|---|---|
| `GET /` | a page to drop, paste, photograph or pick a picture |
| `GET /site/` | the built static site, where there is one |
| `POST /v1/classify` | a picture, as raw bytes or in a multipart form: the likeliest classes |
| `GET /v1/engine` | what runs here, in one small object |
| `GET /docs`, `/openapi.json` | the interface, to read and for programs |
| `GET /healthz`, `/readyz`, `/metrics` | alive; ready for pictures; Prometheus figures |
| `/v2/...` | the Open Inference Protocol, version 2, as Triton speaks it |

`GET /v1/engine` is for pages served beside it, such as the site's live page. It answers::

    {"words": "this computer's GPU (NVIDIA H100)", "device": "cuda",
     "provider": "CUDAExecutionProvider", "classify": "/v1/classify",
     "model": {"name", "title", "sha256", "precision", "parameters", "trained_by", "trained_on",
               "classes"},
     "limits": {"body_bytes", "pixels"}, "samples": ["/samples/cat.jpg", ...], "site": "/site/"}

``words`` says "this computer's processor (...)" where the CPU runs. `POST /v1/classify` with the
bytes of a picture as the body (any content type but a form's) answers::

    {"top": [{"index", "label", "wnid", "probability"}, ...five...], "provider", "device",
     "model": {...}, "size": [width, height], "batch",
     "milliseconds": {"decode", "queue", "inference"}}

where ``index`` is the place of the class in the card's labels, and ``?top=N`` asks for another
number of classes. What fails answers ``{"error": "one sentence"}``: 400 no picture or a damaged
one, 413 too large, 503 with Retry-After when too many wait.

How a page under `/site/` knows without asking in vain: a plain host has no `/v1/engine`, and a
request for it would put an error on the console. So this server adds
``"runner": {"engine": "/v1/engine", "classify": "/v1/classify"}`` to the site's
`assets/live/manifest.json`, which the live page reads anyway; where the field is missing, there
is no runner.

The modules: `limits` (every bound), `engine` (decoding, the queue, batches), `uploads` (bodies
into memory, never to disk), `guard` (hosts, headers, errors), `api`, `inference_protocol`,
`metrics`, `pages` (what is read in a browser), `app` (all of it together), `run` (the process).
"""
