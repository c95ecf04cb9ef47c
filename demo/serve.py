"""`python -m demo serve`: the runner as a web application on this machine; see `demo.server`.

With ``--json`` standard output is one JSON object on one line, once requests are answered::

    {"model": {...as classify's}, "provider", "device", "address": "http://127.0.0.1:8001/",
     "site": "http://127.0.0.1:8001/site/" or null}
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from demo.errors import UsageError
from demo.options import AsJson, NetworkOptions, with_network
from demo.report import complain, identity, introduce
from model_export.contract.errors import cli_errors

if TYPE_CHECKING:
    from demo.classifier import Classifier

DEFAULT_SITE = Path("site")

EXIT_CODES = (
    "Exit code: 0 stopped by Ctrl-C; 2 wrong use (a port that is taken, no such folder); 3 no "
    "usable model, no CUDA where asked for, or a package is missing."
)


@with_network
def serve(
    network: NetworkOptions,
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than 127.0.0.1 are open to all.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8001,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A further name of this server; may be given several times."
        ),
    ] = None,
    root_path: Annotated[
        str,
        typer.Option(metavar="PATH", help="The path under which a proxy shows it, /alexnet."),
    ] = "",
    forwarded_allow_ips: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESSES",
            help="Proxies whose X-Forwarded-Proto counts, with commas; * for all.",
            show_default="this machine",
        ),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The built static site, served at /site/.",
            show_default="site/, where it is built",
        ),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Classify pictures over HTTP, for browsers and programs, until Ctrl-C."""
    from demo.classifier import open_classifier

    with cli_errors():
        if root_path and not re.fullmatch(r"(/(?!\.+(/|$))[\w.~-]+)+", root_path, re.ASCII):
            raise UsageError(
                f"--root-path {root_path!r}: give a path that begins with a slash and does not end "
                "with one: /alexnet"
            )
        if site is not None and not (site / "index.html").is_file():
            raise UsageError(f"--site {site}: no built site (no index.html in it); run `make site`")
        if site is None and (DEFAULT_SITE / "index.html").is_file():
            site = DEFAULT_SITE
        with open_classifier(network) as classifier:
            _serve(classifier, host, port, tuple(allow_host or ()), root_path,
                   forwarded_allow_ips, site, open_page, as_json)  # fmt: skip


def open_to_others(host: str) -> bool:
    """Whether other machines can reach what listens on this address."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return not all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there; it ends with a slash.

    All addresses at once (``0.0.0.0`` and ``::``) are no address to go to: there it is the
    machine's own.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{port}/"
    own = {4: "127.0.0.1", 6: "::1"}[address.version]
    shown = own if address.is_unspecified else host
    return f"http://[{shown}]:{port}/" if address.version == 6 else f"http://{shown}:{port}/"


def _serve(
    classifier: Classifier,
    host: str,
    port: int,
    allow_hosts: tuple[str, ...],
    root_path: str,
    forwarded_allow_ips: str | None,
    site: Path | None,
    open_page: bool,
    as_json: bool,
) -> None:
    from demo.server.app import create_app
    from demo.server.run import THIS_MACHINE, listen, make_server, proxies

    trusted = proxies(forwarded_allow_ips or THIS_MACHINE)
    listener = listen(host, port)
    if open_to_others(host):
        complain(
            f"listening on {host}: everyone who reaches this machine can use the network and its "
            "time; without encryption, without passwords",
            "warning",
        )
    address = address_of(host, listener.getsockname()[1])

    def started() -> None:
        if as_json:
            beside = f"{address}site/" if site is not None else None
            typer.echo(json.dumps(identity(classifier) | {"address": address, "site": beside}))
        else:
            introduce(classifier)
            if site is not None:
                typer.echo(f"The site: {address}site/")
            typer.echo(f"The demo: {address} (Ctrl-C stops it)")
        if open_page:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    application = create_app(
        classifier, host=host, allow_hosts=allow_hosts, site=site, started=started
    )
    make_server(application, root_path, trusted).run([listener])
