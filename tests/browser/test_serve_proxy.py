"""The server behind a real nginx and Caddy, configured as the page says, in a real browser."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model_export.exporter import Report
from tests.support.as_user import free_port
from tests.support.demo_server import picture, running, wait_until

pytestmark = pytest.mark.browser

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "server.md"
NAME = "museum.example"
AROUND = """
daemon off; master_process off; pid pid; error_log err.log;
events {}
http {
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  %s
}
"""
HOST = "proxy_set_header Host $host;"
HOSTS = {
    "as on the page": HOST,
    "nginx's default": "",
    "with the port of https": "proxy_set_header Host $host:443;",
    "as the browser sent it": "proxy_set_header Host $http_host;",
}


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


def configuration(server: int, port: int) -> str:
    """The page's configuration, for other ports and a certificate in the current folder."""
    (block,) = re.findall(r"^```nginx\n(.+?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:8001", f"127.0.0.1:{server}"),
        ("/etc/ssl/museum.pem", "c.pem"),
        ("/etc/ssl/museum.key", "k.pem"),
    ):
        assert block.count(old) == 1, old
        block = block.replace(old, new)
    assert block.count(HOST) == 1
    return str(block)


@contextlib.contextmanager
def nginx(folder: Path, *servers: str) -> Iterator[None]:
    """nginx with these server blocks."""
    if not shutil.which("nginx") or not shutil.which("openssl"):
        pytest.skip("nginx or openssl is not installed")
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         f"/CN={NAME}", "-keyout", "k.pem", "-out", "c.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (folder / "nginx.conf").write_text(AROUND % "\n".join(servers))
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", "nginx.conf"], stderr=-3)
    ports = [int(port) for port in re.findall(r"listen 127\.0\.0\.1:(\d+)", "".join(servers))]
    try:
        wait_until(lambda: process.poll() is not None or all(map(is_open, ports)))
        assert process.poll() is None, (folder / "err.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def visitor(chromium: Any) -> Iterator[Any]:
    """A page of a browser that finds the museum on this machine; no error on its console.

    A test closes the page before it stops the servers: a late request would be refused.
    """
    browser = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", f"--host-resolver-rules=MAP {NAME} 127.0.0.1"],
    )
    page = browser.new_page(ignore_https_errors=True)
    errors: list[str] = []
    # Over plain http browsers say that they ignore this header.
    page.on(
        "console",
        lambda m: m.type == "error" and "Opener-Policy" not in m.text and errors.append(m.text),
    )
    page.on("response", lambda r: r.status >= 400 and errors.append(f"{r.status} {r.url}"))
    yield page
    browser.close()
    assert errors == []


def send(page: Any, address: str) -> None:
    """A picture through the form, with its style sheet."""
    page.goto(f"{address}form")
    assert page.evaluate("document.styleSheets[0].cssRules.length") > 3
    page.set_input_files(
        "#picture", {"name": "a.png", "mimeType": "image/png", "buffer": picture((0, 0, 255))}
    )
    page.click("button")
    page.get_by_text("Its 3 best guesses").wait_for()
    assert page.locator("ol li").first.inner_text().startswith("blue")


@pytest.mark.parametrize("path", ["/alexnet", ""])
def test_the_form_behind_nginx(
    visitor: Any, model: Path, small_site: Path, tmp_path: Path, path: str
) -> None:
    """Whatever nginx makes of the Host; the port is not that of https."""
    (small_site / "teach").mkdir(exist_ok=True)
    (small_site / "teach" / "index.html").write_text(
        "<!doctype html><title>Teach</title><link rel=icon href=data:,>"
    )
    with running(model, site=small_site, root_path=path, allow_hosts=(NAME,)) as server:
        ports = {case: free_port() for case in HOSTS}
        blocks = [
            configuration(server.port, ports[case])
            .replace(HOST, line)
            .replace("location /alexnet/", f"location {path}/")
            for case, line in HOSTS.items()
        ]
        with nginx(tmp_path / "nginx", *blocks):
            for port in ports.values():
                address = f"https://{NAME}:{port}{path}/"
                send(visitor, address)
                visitor.goto(f"{address}site/teach")
                assert (visitor.title(), visitor.url) == ("Teach", f"{address}site/teach/")
            visitor.close()


def test_the_form_behind_caddy(visitor: Any, model: Path, tmp_path: Path) -> None:
    """The page's configuration, over plain http."""
    if not shutil.which("caddy"):
        pytest.skip("caddy is not installed")
    (block,) = re.findall(r"^```caddyfile\n(.+?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    port = free_port()
    with running(model, root_path="/alexnet", allow_hosts=(NAME,)) as server:
        block = block.replace(NAME, f"http://{NAME}:{port}")
        block = block.replace("127.0.0.1:8001", f"127.0.0.1:{server.port}")
        (tmp_path / "Caddyfile").write_text("{\n    admin off\n}\n" + block)
        process = subprocess.Popen(
            ["caddy", "run", "--config", "Caddyfile"],
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: process.poll() is not None or is_open(port))
            visitor.goto(f"http://{NAME}:{port}/alexnet")  # as people type it
            assert visitor.url.endswith("/alexnet/")
            send(visitor, f"http://{NAME}:{port}/alexnet/")
            visitor.close()
        finally:
            process.terminate()
            process.wait(20)


def test_the_live_page_behind_nginx(
    visitor: Any, exported: Report, site: Path, tmp_path: Path
) -> None:
    """The first page, below a path: the picture is named by the server."""
    port = free_port()
    with (
        running(exported.file, site=site, root_path="/alexnet", allow_hosts=(NAME,)) as server,
        nginx(tmp_path / "nginx", configuration(server.port, port)),
    ):
        visitor.goto(f"https://{NAME}:{port}/alexnet/")
        visitor.wait_for_url("**/alexnet/site/live/")
        visitor.locator("#live-engine option[value=runner]").wait_for(state="attached")
        visitor.locator('[data-name="lemon"]').click()
        visitor.locator("#live[data-state=answered]").wait_for()
        assert "lemon" in visitor.locator("#live-top li").first.inner_text()
        assert "this computer's processor" in visitor.locator("#live").text_content()
        visitor.close()
