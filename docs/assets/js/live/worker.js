/**
 * The engine, away from the page's own thread: fetches a network, checks its hash, proves itself,
 * decodes pictures and answers. One message in, one message out, under the same `id`; `progress`
 * messages between.
 */

import { changed, hidden, normalise, resizeAndCrop } from "./picture.js";

/** @typedef {import("./picture.js").Rule} Rule */
/** @typedef {import("./picture.js").Pixels} Pixels */

const CACHE = "alexnet-models";
const PIXEL_LIMIT = 89_478_485; // the Python runner's
const BYTE_LIMIT = 64 * 2 ** 20;
const AGREES = 1e-4; // relative L2 of the reference logits; measured distances are near 1e-6
const WARM_RUNS = 9;
const PATCHES = 16; // places across and down for the grey patch

/** @type {any} */
let ort;
/** @type {any} */
let session;
/** @type {Rule} */
let rule;
/** @type {string} */
let output;
/** @type {Pixels|undefined} */
let seen;
/** @type {AbortController|undefined} */
let loading;
let stopped = false;

/** An error that a person is told. @param {string} kind @param {string} message */
const trouble = (kind, message) => Object.assign(new Error(message), { kind });

/** @param {Uint8Array} bytes */
async function sha256(bytes) {
  const digest = await crypto.subtle.digest("SHA-256", /** @type {BufferSource} */ (bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The kept copy, if there is one; storage may be denied. @param {string} key */
async function kept(key) {
  try {
    const hit = await (await caches.open(CACHE)).match(key);
    return hit ? new Uint8Array(await hit.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} key @param {Uint8Array} bytes */
async function keep(key, bytes) {
  try {
    const cache = await caches.open(CACHE);
    await cache.put(key, new Response(/** @type {BodyInit} */ (bytes)));
  } catch {
    // no room, or none allowed: it is fetched again next time
  }
}

/** @param {string} key */
async function forget(key) {
  try {
    await (await caches.open(CACHE)).delete(key);
  } catch {
    // as above
  }
}

/** @param {string} address @param {number} size in bytes @param {number} id of the question */
async function fetched(address, size, id) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(address, { signal: loading?.signal });
  } catch (error) {
    if (loading?.signal.aborted) throw trouble("cancelled", "Cancelled. Nothing was kept.");
    throw trouble("offline", "The network could not be fetched. Are you offline? Try again.");
  }
  if (!answer.ok || !answer.body) {
    throw trouble("offline", `The network could not be fetched (status ${answer.status}).`);
  }
  const bytes = new Uint8Array(size);
  const reader = answer.body.getReader();
  let at = 0;
  let told = 0;
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch {
      if (loading?.signal.aborted) throw trouble("cancelled", "Cancelled. Nothing was kept.");
      throw trouble("offline", "The connection broke while the network was loading. Try again.");
    }
    if (part.done) break;
    if (at + part.value.length > size) throw wrong();
    bytes.set(part.value, at);
    at += part.value.length;
    if (at - told > size / 64) postMessage({ id, progress: (told = at) });
  }
  if (at !== size) throw wrong();
  return bytes;
}

const wrong = () =>
  trouble("corrupted", "The network's file is damaged: its hash is not the published one. It was not run.");

/** @param {{id: number, model: string, bytes: number, sha256: string, engine: string,
 *   card: {input: Rule, output: string}, reference: any}} ask */
async function load(ask) {
  loading = new AbortController();
  const began = performance.now();
  if (typeof WebAssembly !== "object") {
    throw trouble("unsupported", "This browser cannot run WebAssembly. Any browser since 2021 can.");
  }
  const key = `${ask.model}?sha256=${ask.sha256}`;
  let bytes = await kept(key);
  const cached = bytes !== undefined;
  if (bytes && (await sha256(bytes)) !== ask.sha256) bytes = void (await forget(key));
  if (!bytes) {
    bytes = await fetched(ask.model, ask.bytes, ask.id);
    if ((await sha256(bytes)) !== ask.sha256) throw wrong();
    await keep(key, bytes);
  }
  const loaded = performance.now();
  try {
    ort ??= await import(`${ask.engine}ort.wasm.min.mjs`);
    ort.env.wasm.wasmPaths = ask.engine;
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
    const old = session;
    session = undefined;
    await old?.release();
    // Unpacks the small weights once, here, instead of at every run.
    const extra = { session: { disable_quant_qdq: "1" } };
    session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"], extra });
  } catch (error) {
    const words = String(/** @type {Error} */ (error).message ?? error);
    if (/memory|alloc/i.test(words)) {
      throw trouble("memory", "There is not enough free memory for the network. Close other tabs and try again.");
    }
    throw trouble("unsupported", `The engine does not start in this browser (${words.slice(0, 160)}).`);
  }
  if (loading.signal.aborted) {
    await session.release();
    session = undefined;
    throw trouble("cancelled", "Cancelled.");
  }
  rule = ask.card.input;
  output = ask.card.output;
  const created = performance.now();
  const distance = ask.reference ? await prove(ask.reference) : null;
  const proved = performance.now();
  return { cached, distance, load: loaded - began, create: created - loaded, first: proved - created };
}

/** How far the reference picture's logits are from the reference: relative L2.
 * @param {{pixels: number[], logits: number[]}} reference */
async function prove(reference) {
  const logits = await run({ data: Uint8Array.from(reference.pixels), width: rule.size, height: rule.size });
  let [apart, whole] = [0, 0];
  reference.logits.forEach((wanted, i) => {
    apart += (logits[i] - wanted) ** 2;
    whole += wanted ** 2;
  });
  const distance = Math.sqrt(apart / whole);
  if (!(distance <= AGREES)) {
    await session.release();
    session = undefined;
    throw trouble("wrong", `This browser computes wrongly: the reference answer is off by ${distance.toExponential(1)}.`);
  }
  return distance;
}

/** @param {Pixels} pixels @returns {Promise<Float32Array>} the logits */
async function run(pixels) {
  const data = normalise(pixels.data, rule);
  const input = new ort.Tensor("float32", data, [1, 3, rule.size, rule.size]);
  const told = await session.run({ [rule.name]: input }, [output]);
  const logits = Float32Array.from(told[output].data);
  told[output].dispose();
  input.dispose();
  return logits;
}

/** A file's bytes to three channels, upright, on white. @param {Blob} blob */
async function decode(blob) {
  if (blob.size === 0) throw trouble("picture", "This file is empty.");
  if (blob.size > BYTE_LIMIT) throw trouble("picture", "This file is over 64 MB. Save it smaller first.");
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
    });
  } catch {
    throw trouble("picture", "This file is not a picture that your browser can read. Try a JPEG or a PNG.");
  }
  const { width, height } = bitmap;
  try {
    if (width * height > PIXEL_LIMIT) {
      throw trouble("picture", "This picture has too many pixels. Save it smaller first.");
    }
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw trouble("picture", "This picture is too large for this browser.");
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    const { data: from } = context.getImageData(0, 0, width, height);
    const data = new Uint8Array(width * height * 3);
    for (let i = 0, j = 0; i < from.length; i += 4, j += 3) {
      data[j] = from[i];
      data[j + 1] = from[i + 1];
      data[j + 2] = from[i + 2];
    }
    return { data, width, height };
  } finally {
    bitmap.close();
  }
}

/** @param {{blob?: Blob, change: import("./picture.js").Change, timed?: boolean}} ask */
async function classify(ask) {
  stopped = true; // an occlusion map of an older picture
  if (!session) throw trouble("idle", "Load the network first.");
  const began = performance.now();
  if (ask.blob) seen = resizeAndCrop(await decode(ask.blob), rule);
  if (!seen) throw trouble("idle", "Choose a picture first.");
  const pixels = changed(seen, ask.change);
  const decoded = performance.now();
  const logits = await run(pixels);
  const times = [performance.now() - decoded];
  for (let i = 1; ask.timed && i < WARM_RUNS; i += 1) {
    const start = performance.now();
    await run(pixels);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const seen_now = opaque(pixels);
  return { seen: seen_now, size: rule.size, top: best(logits), decode: decoded - began, times };
}

/** Three channels to a canvas's four, here and not on the page's thread. @param {Pixels} pixels */
function opaque({ data, width, height }) {
  const four = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0, j = 0; i < data.length; i += 3, j += 4) {
    four[j] = data[i];
    four[j + 1] = data[i + 1];
    four[j + 2] = data[i + 2];
  }
  return four;
}

/** The five likeliest classes and their shares. @param {Float32Array} logits */
function best(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const weight = Array.from(logits, (value) => Math.exp(value - most));
  const sum = weight.reduce((a, b) => a + b);
  const order = weight.map((_, i) => i).sort((a, b) => weight[b] - weight[a]);
  return order.slice(0, 5).map((index) => ({ index, share: weight[index] / sum }));
}

/** How far the first guess falls when each place is hidden.
 * @param {{id: number, change: import("./picture.js").Change, target: number}} ask */
async function occlude(ask) {
  if (!session || !seen) throw trouble("idle", "Choose a picture first.");
  stopped = false;
  const from = changed(seen, ask.change);
  const chance = (/** @type {Float32Array} */ logits) => {
    const most = logits.reduce((a, b) => Math.max(a, b));
    const sum = logits.reduce((total, value) => total + Math.exp(value - most), 0);
    return Math.exp(logits[ask.target] - most) / sum;
  };
  const whole = chance(await run(from));
  const side = Math.round(rule.size / 4);
  const fall = [];
  for (let i = 0; i < PATCHES * PATCHES; i += 1) {
    if (stopped) throw trouble("cancelled", "Stopped.");
    const centre = (/** @type {number} */ k) => ((k + 0.5) * rule.size) / PATCHES - side / 2;
    const x = Math.round(centre(i % PATCHES));
    const y = Math.round(centre(Math.floor(i / PATCHES)));
    fall.push(whole - chance(await run(hidden(from, x, y, side))));
    if (i % PATCHES === 0) {
      postMessage({ id: ask.id, progress: i / (PATCHES * PATCHES) });
      await new Promise((done) => setTimeout(done)); // let a "stop" in
    }
  }
  const most = Math.max(...fall, 1e-9);
  const map = new Uint8ClampedArray(fall.length * 4);
  fall.forEach((value, i) => {
    map.fill(255 - 225 * Math.max(0, value / most), i * 4, i * 4 + 3);
    map[i * 4 + 3] = 255;
  });
  return { map, across: PATCHES };
}

addEventListener("message", async ({ data: ask }) => {
  if (ask.do === "cancel") loading?.abort();
  if (ask.do === "stop") stopped = true;
  const task = { load, classify, occlude }[/** @type {"load"} */ (ask.do)];
  if (!task) return;
  try {
    postMessage({ id: ask.id, result: await task(ask) });
  } catch (error) {
    const { kind = "failed", message } = /** @type {Error & {kind?: string}} */ (error);
    postMessage({ id: ask.id, kind, message });
  }
});
