"""What is read in a browser: the page, the interface in words, the built site, sample pictures."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import mimetypes
import os
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from demo.pictures.inputs import ENDINGS
from demo.places import SAMPLES

PAGE = Path(__file__).parent / "page"
DEFAULT_SITE = Path("site")
RUNNER = {"engine": "/v1/engine", "classify": "/v1/classify"}

mimetypes.add_type("application/yaml", ".yml")  # RFC 9512; Python does not know it

_MANIFEST = "assets/live/manifest.json"
_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


def samples() -> list[str]:
    """Addresses of the sample pictures."""
    if not SAMPLES.is_dir():
        return []
    names = sorted(p.name for p in SAMPLES.iterdir() if p.suffix.lower() in ENDINGS)
    return [f"/samples/{name}" for name in names]


def add(app: FastAPI, site: Path | None) -> None:
    """Add the pages to an application.

    Args:
        site: the folder of the built site, or None.
    """

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def interface() -> HTMLResponse:
        return HTMLResponse(interface_page(app.openapi()))

    app.mount("/assets", StaticFiles(directory=PAGE), "assets")
    if SAMPLES.is_dir():
        app.mount("/samples", StaticFiles(directory=SAMPLES), "samples")
    if site is not None:

        @app.get("/site", include_in_schema=False)
        async def to_site() -> RedirectResponse:
            return RedirectResponse("/site/")

        app.mount("/site", SiteFiles(site), "site")


# A worker is bound by the policy of its own script's answer, not by the page's: this one lets the
# live page's worker compile the engine.
WORKER_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "connect-src 'self'"
)


class SiteFiles(StaticFiles):
    """The built site: its own inline scripts are allowed by their hashes, and no others.

    The live page's list of networks gains a field that tells it of this runner.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    def file_response(
        self, full_path: Any, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, or the word that the browser's copy is still right; both with the policy."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        return _with_policy(response, Path(full_path))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """What is at a path below the folder, with the policy; the live page's list, completed."""
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            file = Path(response.path)
            if Path(os.path.normpath(path)).as_posix() == _MANIFEST:
                with contextlib.suppress(ValueError, TypeError):  # no list: passed on as it is
                    told = json.loads(file.read_text("utf-8")) | {"runner": RUNNER}
                    return Response(json.dumps(told), media_type="application/json")
            return _with_policy(response, file)
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
    """The policy for one page of the site; ``changed`` is when the file was, for the cache.

    Styles may be inline, as the theme's are; scripts only those that the page came with.
    WebAssembly may be compiled: the live page runs the network in it. None stands for a file that
    is neither a page nor a script.
    """
    hashes = []
    for script in _SCRIPT.findall(file.read_text("utf-8") if file else ""):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        hashes.append(f"'sha256-{digest}'")
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {' '.join(hashes)}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' blob: data:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


def interface_page(described: dict[str, Any]) -> str:
    """The OpenAPI description as a page that needs no script."""
    parts = []
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            name = f"{method}-{path}".replace("/", "-").replace("{", "").replace("}", "")
            answers = "".join(
                f"<tr><td>{status}</td><td>{escape(answer['description'])}</td>"
                f"<td>{_shape(answer)}</td></tr>"
                for status, answer in told["responses"].items()
            )
            asked = "".join(
                f"<li><code>{escape(p['name'])}</code> ({p['in']}"
                f"{', required' if p.get('required') else ''}): {_type(p['schema'])}</li>"
                for p in told.get("parameters", ())
            )
            kinds = ", ".join(
                f"<code>{escape(kind)}</code>"
                for kind in told.get("requestBody", {}).get("content", {})
            )
            parts.append(
                f'<section aria-labelledby="{name}"><h3 id="{name}"><span class="method">'
                f"{method.upper()}</span> <code>{escape(path)}</code></h3>"
                f"<p>{escape(told.get('description', told['summary']))}</p>"
                + (f"<p>Body: {kinds}</p>" if kinds else "")
                + (f"<ul>{asked}</ul>" if asked else "")
                + '<div class="wide" role="region" tabindex="0" '
                + f'aria-labelledby="{name}"><table><thead><tr><th scope="col">Status</th>'
                + f'<th scope="col">Meaning</th><th scope="col">Content</th></tr></thead>'
                f"<tbody>{answers}</tbody></table></div></section>"
            )
    shapes = []
    for name, schema in described.get("components", {}).get("schemas", {}).items():
        fields = "".join(
            f"<li><code>{escape(field)}</code>: {_type(kind)}"
            f"{'. ' + escape(kind['description']) if 'description' in kind else ''}</li>"
            for field, kind in schema.get("properties", {}).items()
        )
        shapes.append(f'<h3 id="{name}">{name}</h3><ul>{fields}</ul>')
    template = (PAGE / "interface.html").read_text("utf-8")
    return template.replace("{paths}", "".join(parts)).replace("{kinds}", "".join(shapes))


def _shape(answer: dict[str, Any]) -> str:
    """What an answer holds: a link to its kind."""
    return ", ".join(
        _type(content["schema"])
        for content in answer.get("content", {}).values()
        if content.get("schema")
    )


def _type(schema: dict[str, Any]) -> str:
    """A JSON schema in a word or two."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    kind = str(schema.get("type", "anything"))
    if kind == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    limits = [
        f"{word} {schema[key]:g}"
        for key, word in (("minimum", "from"), ("maximum", "to"))
        if key in schema
    ]
    return " ".join([kind, *limits])
