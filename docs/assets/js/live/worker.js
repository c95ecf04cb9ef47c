/**
 * Away from the page's own thread: loads a network, decodes pictures, answers. One message in, one
 * message out, under the same `id`; `progress` messages between. One task at a time; a task that
 * goes on gives way to the next picture, and to "stop".
 */

import { network } from "./cache.js";
import { PLACES, changed, patched } from "./changes.js";
import { decode, encode, four } from "./decode.js";
import { download } from "./download.js";
import { Engine, best, shares } from "./engine.js";
import { workedOut } from "./first-layer.js";
import { filterSheet, mapSheet, numberSheet, strongestSheet } from "./maps.js";
import { Plain } from "./plain.js";
import { cropped, resample, resizeAndCrop } from "./picture.js";
import { toMessage, userError } from "./errors.js";

/** @typedef {import("./changes.js").Change} Change */
/** @typedef {import("./picture.js").Pixels} Pixels */
/** @typedef {import("./picture.js").Rule} Rule */
/** @typedef {import("./engine.js").Place} Place */
/** @typedef {import("./cache.js").Wanted & Place & {id: number, plain?: boolean,
 *   code: {file: string, bytes: number, travels: number},
 *   card: {input: Rule, output: string, temperature?: number}, reference: string|null}} LoadAsk */
/** @typedef {{stops: number}} Long a task that gives way: how many stops there were when it came */
/** @typedef {{change: Change, silent: number}} View what is done to the picture, and to the towers */

const ROWS = 4; // of as many maps, for each layer of the row
const LONG = 8_000; // ms for the engine to come that are too many to wait for
const KEPT_PIXELS = 4_000_000; // of a larger picture a smaller copy is kept, once it is cropped

/** @type {Engine|undefined} */
let engine;
/** @type {Promise<object>|undefined} the engine, where `Plain` answers until it has come */
let coming;
let failed = false; // it did not come
/** @type {Blob|undefined} */
let file;
/** @type {Pixels|undefined} the file's pixels, where they are few */
let whole;
/** @type {Pixels|undefined} what the network sees of the file as it was given */
let given;
/** @type {{closer: number, at: string, pixels: Pixels}|undefined} what it sees in a moved frame */
let seen;
let stops = 0;
let temperature = 1; // of the card
/** @param {Long} ask */
const stopped = (ask) => ask.stops !== stops;

/** An engine that answers the reference picture rightly becomes the one that is asked.
 * @param {Engine} made @param {import("./engine.js").Reference|null} reference @param {number} began */
async function proved(made, reference, began) {
  const created = performance.now();
  const distance = reference ? await made.prove(reference) : null;
  const first = performance.now() - created;
  if (made.kind !== "plain" || !engine) {
    await engine?.release();
    engine = made;
  }
  return { ...made.offers, kind: made.kind, distance, create: created - began, first };
}

/** The network comes first. Where it shows that the engine would be long in coming, the page's own
 * arithmetic answers until then, if `plain` allows that. @param {LoadAsk} ask */
async function load(ask) {
  const began = performance.now();
  const arrived = { network: 0, code: 0 };
  const progress = (/** @type {"network"|"code"} */ part) => (/** @type {number} */ share) => {
    arrived[part] = share;
    const [network, code] = [ask.travels, ask.code.travels];
    postMessage({ id: ask.id, progress: (arrived.network * network + arrived.code * code) / (network + code) });
  };
  const [{ bytes, cached }, reference] = await Promise.all([
    network(ask, progress("network")),
    ask.reference ? referenceAt(ask.reference, ask.sha256) : null,
  ]);
  const took = performance.now() - began;
  progress("network")(1);
  [given, seen] = [undefined, undefined];
  temperature = ask.card.temperature ?? 1;
  const start = async () => {
    const { file, bytes: size } = ask.code;
    const wasm = await download(file, "The engine", size, (at) => progress("code")(at / size));
    const had = performance.now();
    const made = await Engine.start({ ...ask, wasm }, bytes, ask.card.input, ask.card.output);
    return { ...(await proved(made, reference, had)), cached, load: had - began };
  };
  const able = typeof WebAssembly === "object";
  const wait = (took * ask.code.travels) / ask.travels;
  const plain = new Plain(bytes, ask.card.input, ask.card.output);
  const may = ask.plain && plain.can;
  if (able && !(may && !cached && wait > LONG)) return start();
  if (!may) {
    throw userError("unsupported", "This browser cannot run WebAssembly. Any browser since 2021 can.");
  }
  await engine?.release();
  engine = undefined;
  coming = able ? start() : undefined;
  coming?.catch(() => (failed = true)); // whoever asks for it is told why
  return { ...(await proved(plain, reference, performance.now())), cached, load: took, coming: able };
}

/** @param {string} address @param {string} sha256 of the network that it must belong to */
async function referenceAt(address, sha256) {
  let reference;
  try {
    reference = await (await fetch(address)).json();
  } catch {
    throw userError("offline", "The reference answer could not be fetched. Try again.");
  }
  if (reference.model_sha256 !== sha256) {
    throw userError("corrupted", "The reference answer belongs to another file.");
  }
  return reference;
}

/** The file's pixels; of many, a smaller copy. @param {Blob} blob @returns {Promise<Pixels>} */
async function few(blob) {
  const pixels = await decode(blob);
  const { width, height } = pixels;
  const scale = Math.sqrt(KEPT_PIXELS / (width * height));
  if (scale >= 1) return pixels;
  return resample(pixels, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)), [0, 0, width, height], "bilinear");
}

/** What the network sees of the file, before any change of it but the frame's.
 * @param {Blob} blob @param {Rule} rule @param {Change} change */
async function framed(blob, rule, { closer, at }) {
  if (closer === 100 && at.length === 0) {
    if (given) return given;
    const pixels = whole ?? (await decode(blob));
    if (pixels.width * pixels.height <= KEPT_PIXELS) whole = pixels;
    given = resizeAndCrop(pixels, rule);
    return given;
  }
  const place = at.join();
  if (seen?.closer === closer && seen.at === place) return seen.pixels;
  whole ??= await few(blob);
  seen = { closer, at: place, pixels: cropped(whole, rule, { closer, at }) };
  return seen.pixels;
}

/** The engine, and what the network sees of the picture. @param {Change} change */
async function view(change) {
  if (!engine) throw userError("idle", "Load the network first.");
  if (!file) throw userError("idle", "Choose a picture first.");
  let pixels = await framed(file, engine.rule, change);
  if (change.jpeg < 100) {
    pixels = await decode(await encode(pixels, "image/jpeg", change.jpeg / 100));
  }
  return { engine, pixels: changed(pixels, change) };
}

/** What the network sees, and its likeliest classes. @param {View & {blob?: Blob}} ask */
async function classify(ask) {
  const began = performance.now();
  if (ask.blob) {
    [file, whole, given, seen] = [ask.blob, undefined, undefined, undefined];
  }
  const { engine, pixels } = await view(ask.change);
  const decoded = performance.now();
  const logits = await engine.logits(pixels, ask.silent);
  const first = performance.now() - decoded;
  const { size } = engine.rule;
  return { seen: four(pixels), size, top: best(logits, temperature), decode: decoded - began, first };
}

/** One stage's maps, the first filters or a full layer's numbers, as a picture; of the last layer
 * the names' shares. @param {View & {layer: string}} ask */
async function look({ layer, change, silent }) {
  const { engine, pixels } = await view(change);
  const name = layer === "fc8" ? engine.output : layer;
  const { [name]: output } = await engine.outputs(pixels, [name], silent);
  const [count, side = 1] = [output.dims[1], output.dims[2]];
  const data = layer === "fc8" ? Float32Array.from(shares(output.data, temperature)) : output.data;
  const { sheet, strongest } =
    layer === "filters"
      ? filterSheet(data, output.dims[0], side, engine.rule.channels === "BGR")
      : side === 1
        ? { sheet: numberSheet(data), strongest: Array.from(data, (value) => ({ value, at: 0 })) }
        : mapSheet(data, count, side);
  const picture = await encode(sheet, "image/png");
  return { picture, strongest, side, across: sheet.across };
}

/** Several layers, each as one picture: the strongest maps, the upper half those of tower 1; of a
 * full layer all numbers; at the end the names' shares. @param {View & {layers: string[]}} ask */
async function layers({ layers, change, silent }) {
  const { engine, pixels } = await view(change);
  const outputs = await engine.outputs(pixels, [...layers, engine.output], silent);
  const { [engine.output]: logits } = outputs;
  const rows = [...layers.map((layer) => ({ layer, ...outputs[layer] })), { layer: "fc8", ...logits, data: shares(logits.data, temperature) }];
  const sheets = rows.map(({ layer, data, dims }) => {
    const sheet = dims.length === 4 ? strongestSheet(data, dims[1], dims[2], ROWS) : numberSheet(data);
    return { layer, count: dims[1], side: dims[2], picture: four(sheet), width: sheet.width, height: sheet.height };
  });
  return { sheets };
}

/** How far the share of one class falls when each place is hidden.
 * @param {View & Long & {id: number, target: number}} ask */
async function occlude(ask) {
  const { id, target, change, silent } = ask;
  const { engine, pixels } = await view({ ...change, hide: [] });
  const chance = async (/** @type {Pixels} */ some) => shares(await engine.logits(some, silent), temperature)[target];
  const untouched = await chance(pixels);
  const fall = [];
  for (let i = 0; i < PLACES * PLACES; i += 1) {
    if (stopped(ask)) throw userError("cancelled", "Stopped.");
    const place = [i % PLACES, Math.floor(i / PLACES)];
    fall.push(untouched - (await chance(patched(pixels, place))));
    if (i % PLACES === 0) {
      postMessage({ id, progress: i / (PLACES * PLACES) });
      await new Promise((done) => setTimeout(done)); // let a "stop" in
    }
  }
  const most = Math.max(...fall, 1e-9);
  const at = fall.indexOf(Math.max(...fall));
  const third = (/** @type {number} */ k, /** @type {string[]} */ names) => names[Math.floor((3 * k) / PLACES)];
  const down = third(Math.floor(at / PLACES), ["top", "middle", "bottom"]);
  const across = third(at % PLACES, ["left", "centre", "right"]);
  const where = down === "middle" && across === "centre" ? "centre" : `${down} ${across}`;
  const map = new Uint8ClampedArray(fall.length * 4);
  fall.forEach((value, i) => {
    map.fill(255 - 225 * Math.max(0, value / most), i * 4, i * 4 + 3);
    map[i * 4 + 3] = 255;
  });
  return { map, across: PLACES, where, before: untouched, after: untouched - fall[at] };
}

/** One number of the first convolution, worked out.
 * @param {View & {filter: number, x: number, y: number}} ask the filter from 1 on, the window */
async function pixel({ filter, x, y, change }) {
  const { engine, pixels } = await view(change);
  const { filters } = await engine.outputs(pixels, ["filters"]);
  return workedOut(engine, pixels, filters, { filter: filter - 1, x, y });
}

/** What needs the gradient; its script comes with the first such task.
 * @param {Long & {id: number, way: "why"|"fool"|"grow", change?: Change}} ask without a change where no
 *   picture is asked about */
async function backward(ask) {
  if (!engine) throw userError("idle", "Load the network first.");
  if (engine.kind === "plain") {
    const why = coming ? "the engine, which is still on its way. Try again in a while" : "WebAssembly, which this browser does not run";
    throw userError("answered", `This needs ${failed ? "the engine, which did not start. Load the page again" : why}.`);
  }
  const pixels = ask.change && (await view(ask.change)).pixels;
  const { WAYS } = await import("./backward.js");
  const tell = (/** @type {any} */ progress) => postMessage({ id: ask.id, progress });
  const work = { engine, pixels, temperature, stopped: () => stopped(ask), tell };
  return WAYS[ask.way](work, /** @type {any} */ (ask));
}

const TASKS = { load, classify, look, layers, pixel, occlude, backward };

/** @type {Promise<void>} the task before */
let before = Promise.resolve();

/** @param {any} ask */
async function carryOut(ask) {
  try {
    const result = await (ask.do === "upgrade" ? coming : TASKS[/** @type {"load"} */ (ask.do)](ask));
    postMessage({ id: ask.id, result });
  } catch (error) {
    postMessage({ id: ask.id, ...toMessage(error) });
  }
}

addEventListener("message", ({ data: ask }) => {
  if (ask.do === "stop" || ask.do === "classify") stops += 1;
  const now = { ...ask, stops };
  if (ask.do === "upgrade") carryOut(now); // waits for no other task, and none for it
  if (ask.do in TASKS) before = before.then(() => carryOut(now));
});
