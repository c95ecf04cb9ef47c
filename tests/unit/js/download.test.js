import assert from "node:assert/strict";
import { test } from "node:test";

import { download } from "../../../docs/assets/js/live/download.js";

const WHOLE = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

/** A server that breaks off after some bytes, as often as asked. */
function server(breaks, { ranges = true, type = "application/octet-stream" } = {}) {
  const asked = [];
  globalThis.fetch = async (_, { headers }) => {
    asked.push(headers.Range ?? "");
    const from = ranges && headers.Range ? Number(headers.Range.match(/\d+/)[0]) : 0;
    const stop = breaks.shift();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(WHOLE.slice(from, stop ?? WHOLE.length));
        if (stop === undefined) controller.close();
      },
      pull(controller) {
        controller.error(new TypeError("network error"));
      },
    });
    return new Response(body, { status: from ? 206 : 200, headers: { "content-type": type } });
  };
  return asked;
}

test("a connection that breaks is resumed where it stopped", async () => {
  const asked = server([300, 700]);
  const bytes = await download("http://a/1", "The network", 1000, () => {});
  assert.deepEqual(bytes, WHOLE);
  assert.deepEqual(asked, ["", "bytes=300-", "bytes=700-"]);
});

test("a server without ranges sends the whole file again", async () => {
  const asked = server([300], { ranges: false });
  assert.deepEqual(await download("http://a/2", "The network", 1000, () => {}), WHOLE);
  assert.deepEqual(asked, ["", "bytes=300-"]);
});

test("what has arrived is kept for the next press", async () => {
  const asked = server([300, 400, 500]);
  await assert.rejects(download("http://a/3", "The network", 1000, () => {}), { kind: "offline" });
  assert.deepEqual(await download("http://a/3", "The network", 1000, () => {}), WHOLE);
  assert.equal(asked.at(-1), "bytes=500-");
});

test("a web page in place of the file is a login page", async () => {
  server([], { type: "text/html; charset=utf-8" });
  await assert.rejects(download("http://a/4", "The engine", 1000, () => {}), {
    kind: "offline",
    message: /web page came in place of the engine.*login/i,
  });
});

test("a file that is too long is not used", async () => {
  server([]);
  await assert.rejects(download("http://a/5", "The engine", 900, () => {}), { kind: "corrupted" });
});

test("progress ends with all bytes", async () => {
  server([]);
  const at = [];
  await download("http://a/6", "The engine", 1000, (bytes) => at.push(bytes));
  assert.equal(at.at(-1), 1000);
});
