"""What is read in a browser: a form, the built site with its live page, the sample pictures."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import mimetypes
import os
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from demo.errors import AlexNetError
from demo.places import SAMPLES
from demo.server.api import Classified
from demo.server.errors import Refused, from_error

PAGE = Path(__file__).parent / "page"

mimetypes.add_type("application/yaml", ".yml")  # RFC 9512; Python does not know it
mimetypes.add_type("application/octet-stream", ".onnx")  # so that it is not compressed as text

_MANIFEST = "assets/live/manifest.json"
_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


def add(
    app: FastAPI, classify: Callable[[Request], Awaitable[Classified]], site: Path | None
) -> None:
    """Add the pages to an application. All links and redirects are relative: proxies add paths.

    Args:
        app: the application.
        classify: names the picture in a request.
        site: the folder of the built site, or None.
    """
    live = site is not None and (site / "live" / "index.html").is_file()

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse("site/live/") if live else form_page()

    @app.get("/form", include_in_schema=False)
    async def form() -> Response:
        return form_page()

    @app.post("/form", include_in_schema=False)
    async def answer(request: Request) -> Response:
        try:
            return form_page(_result(await classify(request)))
        except (Refused, AlexNetError) as error:
            status, sentence, headers = from_error(error)
            return form_page(f'<p role="alert">{escape(sentence)}</p>', status, headers)

    @app.get("/docs", include_in_schema=False)
    async def reference() -> Response:
        written = site is not None and (site / "reference" / "server").is_dir()
        return RedirectResponse("site/reference/server/" if written else "openapi.json")

    app.mount("/assets", StaticFiles(directory=PAGE), "assets")
    if SAMPLES.is_dir():
        app.mount("/samples", StaticFiles(directory=SAMPLES), "samples")
    if site is not None:

        @app.get("/site", include_in_schema=False)
        async def to_site() -> Response:
            return RedirectResponse("site/")

        app.mount("/site", SiteFiles(site), "site")


def form_page(result: str = "", status: int = 200, headers: Any = None) -> HTMLResponse:
    """The form, with what came of the picture that was sent."""
    template = Template((PAGE / "form.html").read_text("utf-8"))
    return HTMLResponse(template.substitute(result=result), status, headers)


def _result(answer: Classified) -> str:
    rows = "".join(
        f"<li><span>{escape(score.label)}</span> <span>{100 * score.probability:.1f}%</span> "
        f'<meter value="{score.probability:.4f}" aria-hidden="true"></meter></li>'
        for score in answer.top
    )
    model, times = answer.model, answer.milliseconds
    return (
        f'<h2 id="answer">Its {len(answer.top)} best guesses</h2><ol>{rows}</ol>'
        f"<p>{escape(model.title)} ({model.precision}), trained by {escape(model.trained_by)} on "
        f"{escape(model.trained_on)}. Ran on {answer.provider}: decoding {times.decode:.1f} ms, "
        f"waiting {times.queue:.1f} ms, the network {times.inference:.1f} ms.</p>"
    )


# A worker is bound by the policy of its own script's answer, not by the page's: this one lets the
# live page's worker compile the engine.
WORKER_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "connect-src 'self'"
)


class SiteFiles(StaticFiles):
    """The built site: its own inline scripts are allowed by their hashes, and no others.

    The live page's list of networks gains the addresses of this server.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    def file_response(
        self, full_path: Any, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, or that the browser's copy is still right; both with the policy."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        return _with_policy(response, Path(full_path))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """What is at a path below the folder; a redirect is relative."""
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            file = Path(response.path)
            if Path(os.path.normpath(path)).as_posix() == _MANIFEST:
                with contextlib.suppress(ValueError, TypeError):  # not such a list: as it is
                    v1 = scope.get("app_root_path", "") + "/v1/"
                    runner = {"engine": v1 + "engine", "classify": v1 + "classify"}
                    manifest = json.loads(file.read_text("utf-8")) | {"runner": runner}
                    return Response(json.dumps(manifest), media_type="application/json")
            return _with_policy(response, file)
        if "location" in response.headers:  # to the folder: absolute, and with the server's scheme
            folder = response.headers["location"].partition("?")[0].rstrip("/")
            response.headers["location"] = folder.rpartition("/")[2] + "/"
        return response


def _with_policy(response: Response, file: Path) -> Response:
    response.headers["cache-control"] = "no-cache"
    policy = site_policy(None, 0)
    if file.suffix == ".html":
        policy = site_policy(file, file.stat().st_mtime_ns)
    elif file.suffix == ".js":
        policy = WORKER_POLICY
    response.headers["content-security-policy"] = policy
    return response


@lru_cache(maxsize=1024)
def site_policy(file: Path | None, changed: int) -> str:
    """The policy for one page of the site; ``changed`` is when it was, for the cache.

    Styles may be inline, as the theme's are; scripts only those that the page came with.
    WebAssembly may be compiled: the live page runs the network in it. None stands for a file that
    is neither a page nor a script.
    """
    hashes = []
    for script in _SCRIPT.findall(file.read_text("utf-8", "replace") if file else ""):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        hashes.append(f"'sha256-{digest}'")
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {' '.join(hashes)}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' blob: data:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
