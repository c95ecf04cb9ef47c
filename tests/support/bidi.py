"""Firefox under test, spoken to in WebDriver BiDi: Debian's own, which Playwright cannot drive.

https://www.w3.org/TR/webdriver-bidi/
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

PREFERENCES = """user_pref("app.update.auto", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.safebrowsing.downloads.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.enabled", false);
"""


STEADY = """s => new Promise((done) => {
  const one = document.querySelector(s);
  one.scrollIntoView({ block: "center" });
  let last = "";
  const look = () => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const now = [x, y, width, height].join();
    if (now === last) return done(true);
    last = now;
    setTimeout(look, 100);
  };
  document.fonts.ready.then(look);
})"""
"""Bring an element into view and wait until it no longer moves."""


class Firefox:
    """One tab. Every call waits for its answer."""

    def __init__(self, address: str, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.number = 0
        self.socket: WebSocketClientConnection = self._wait(self._connect(address))
        self.send("session.new", capabilities={})
        self.tab = self.send("browsingContext.create", type="tab")["context"]

    async def _connect(self, address: str) -> WebSocketClientConnection:
        return await websocket_connect(f"{address}/session", max_message_size=2**26)

    def _wait(self, work: Any, seconds: float = 240) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its result.

        Raises:
            AssertionError: Firefox refused it.
        """
        self.number += 1
        return dict(self._wait(self._send(self.number, method, params)))

    async def _send(self, number: int, method: str, params: dict[str, Any]) -> Any:
        await self.socket.write_message(
            json.dumps({"id": number, "method": method, "params": params})
        )
        while True:
            message = await self.socket.read_message()
            assert message is not None, "Firefox hung up"
            reply = json.loads(message)
            if reply.get("id") == number:
                assert reply["type"] == "success", reply
                return reply["result"]

    def hang_up(self) -> None:
        """End the browser, and the connection with it."""
        self.send("browser.close")
        self._wait(self._closed())

    async def _closed(self) -> None:
        self.socket.close()
        await asyncio.sleep(0.5)  # the connection's own tasks end

    def open(self, address: str) -> None:
        """Load a page."""
        self.send("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def run(self, function: str, *arguments: Any) -> Any:
        """What a function of the page gives for some JSON, as JSON; promises are awaited."""
        reply = self.send(
            "script.callFunction",
            functionDeclaration=f"async (...all) => JSON.stringify(await ({function})(...all))",
            arguments=[{"type": "string", "value": value} for value in arguments],
            target={"context": self.tab},
            awaitPromise=True,
        )
        assert reply["type"] == "success", reply
        return json.loads(reply["result"].get("value", "null"))

    def click(self, selector: str) -> None:
        """Press it with the mouse's pointer, as a user does."""
        self.run(STEADY, selector)
        found = self.send(
            "browsingContext.locateNodes",
            context=self.tab,
            locator={"type": "css", "value": selector},
        )["nodes"][0]
        origin = {"type": "element", "element": {"sharedId": found["sharedId"]}}
        pointer = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self.send(
            "input.performActions",
            context=self.tab,
            actions=[{"type": "pointer", "id": "mouse", "actions": pointer}],
        )


@contextlib.contextmanager
def firefox() -> Iterator[Firefox | None]:
    """A fresh Firefox without a window; None where there is none."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if not program:
        yield None
        return
    with tempfile.TemporaryDirectory() as profile:
        Path(profile, "user.js").write_text(PREFERENCES)
        process = subprocess.Popen(
            [program, "--headless", "--profile", profile, "--remote-debugging-port", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            assert process.stderr is not None
            address = ""
            for line in process.stderr:
                found = re.search(r"WebDriver BiDi listening on (ws://\S+)", line)
                if found:
                    address = found[1]
                    break
            drain = threading.Thread(target=process.stderr.read, daemon=True)
            drain.start()
            page = Firefox(address, loop)
            yield page
            page.hang_up()
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()
                process.wait()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            drain.join()
            process.stderr.close()
            loop.close()
