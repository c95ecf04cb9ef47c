/**
 * Two to four classes of the reader's own: drawn on a pad, taken with the camera, or from files. A
 * small network learns them in a worker, and says what it takes the next picture for. Nothing leaves
 * the machine, and nothing is kept.
 */

import { toMessage } from "../live/errors.js";
import { button, byId, made } from "../live/page.js";
import { WorkerClient } from "../live/worker-client.js";
import { LEVELS, SIDE } from "./pictures.js";

/** @typedef {{entry: HTMLLIElement, name: HTMLInputElement, strip: HTMLElement, pictures: Uint8Array[]}} Kind */

const [FEWEST, MOST, LEAST, STEPS] = [2, 4, 4, 150]; // classes, pictures of each, steps
const HELD = 4; // every so many pictures are held back as a test
const [PEN, PAPER] = [18, "#ffffff"];
const SETTINGS = { network: "shapes", seed: 1, count: 0, vary: true, rate: 0.02, batch: 16 };
const ASKS = 300; // ms between two looks through the camera

const worker = new WorkerClient(new URL("worker.js", import.meta.url));
/** @type {Kind[]} */
const kinds = [];
/** @type {MediaStream|undefined} */
let camera;
let learned = false;
let busy = false;
let asked = false; // a picture is with the worker
let again = false; // another has come meanwhile
let started = false;

const part = byId("learn-own");
const pad = /** @type {HTMLCanvasElement} */ (byId("learn-own-pad"));
const ink = /** @type {CanvasRenderingContext2D} */ (pad.getContext("2d", { willReadFrequently: true }));
const video = /** @type {HTMLVideoElement} */ (byId("learn-own-video"));
const say = (/** @type {string} */ words) => (byId("learn-own-status").textContent = words);
const nameOf = (/** @type {number} */ i) => kinds[i].name.value.trim() || `class ${i + 1}`;
const percent = (/** @type {number} */ share) => `${Math.round(100 * share)}%`;

/** The middle square of a picture as the network's levels, (3, 28, 28).
 * @param {CanvasImageSource} source @param {number} width @param {number} height */
function levelsOf(source, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const side = Math.min(width, height);
  [context.fillStyle, context.imageSmoothingQuality] = [PAPER, "high"];
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(source, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const levels = new Uint8Array(LEVELS);
  for (let at = 0; at < SIDE * SIDE; at += 1) {
    for (let c = 0; c < 3; c += 1) levels[c * SIDE * SIDE + at] = data[4 * at + c];
  }
  return { levels, canvas };
}

/** What the pad or the camera shows. */
const current = () => (camera ? levelsOf(video, video.videoWidth, video.videoHeight) : levelsOf(pad, pad.width, pad.height));

/** @param {Kind} kind @param {{levels: Uint8Array, canvas: HTMLCanvasElement}} picture */
function add(kind, { levels, canvas }) {
  const place = kind.pictures.push(levels);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Picture ${place}`);
  kind.strip.append(canvas);
  forget();
}

/** What was learned is of other pictures now. */
function forget() {
  learned = false;
  for (const name of ["says", "file"]) byId(`learn-own-${name}`).hidden = true;
  byId("learn-own-score").textContent = "";
  ready();
}

function ready() {
  const fewest = Math.min(...kinds.map(({ pictures }) => pictures.length));
  byId("learn-own-go").disabled = busy || fewest < LEAST;
  byId("learn-own-more").hidden = kinds.length === MOST;
  if (busy || learned) return;
  say(fewest < LEAST ? `Give each class a name and at least ${LEAST} pictures; ten are better. The fewest so far: ${fewest}.` : "Enough to learn from. More pictures make it better.");
}

function addKind() {
  const index = kinds.length + 1;
  const entry = document.createElement("li");
  const label = made("label", `Class ${index} `);
  const name = document.createElement("input");
  Object.assign(name, { type: "text", maxLength: 30, placeholder: `class ${index}`, autocomplete: "off" });
  label.append(name);
  const strip = made("div", "", "learn-own-strip");
  /** @type {Kind} */
  const kind = { entry, name, strip, pictures: [] };
  const take = button("Add the picture", () => {
    if (camera && !video.videoWidth) return;
    add(kind, current());
    if (!camera) clear();
  });
  take.setAttribute("aria-label", `Add the picture to class ${index}`);
  const files = document.createElement("input");
  Object.assign(files, { type: "file", accept: "image/*", multiple: true });
  files.setAttribute("aria-label", `Add files to class ${index}`);
  files.addEventListener("change", async () => {
    for (const file of files.files ?? []) {
      try {
        const bitmap = await createImageBitmap(file, { resizeWidth: 256, resizeQuality: "high" });
        add(kind, levelsOf(bitmap, bitmap.width, bitmap.height));
        bitmap.close();
      } catch {
        say(`${file.name} is no picture that this browser can read.`);
      }
    }
    files.value = "";
  });
  const empty = button("Empty it", () => {
    kind.pictures.length = 0;
    strip.replaceChildren();
    forget();
  });
  empty.setAttribute("aria-label", `Empty it: class ${index}`);
  const row = made("p", "", "live-row");
  row.append(take, files, empty);
  entry.append(label, row, strip);
  name.addEventListener("input", () => learned && ask());
  kinds.push(kind);
  byId("learn-own-list").append(entry);
  forget();
}

function clear() {
  ink.fillStyle = PAPER;
  ink.fillRect(0, 0, pad.width, pad.height);
}

/** The pictures to learn from and those held back. */
function split() {
  const parts = { pictures: { levels: /** @type {Uint8Array[]} */ ([]), which: /** @type {number[]} */ ([]) }, tests: { levels: /** @type {Uint8Array[]} */ ([]), which: /** @type {number[]} */ ([]) } };
  kinds.forEach(({ pictures }, which) =>
    pictures.forEach((levels, i) => {
      const { levels: some, which: kindsOf } = parts[(i + 1) % HELD ? "pictures" : "tests"];
      some.push(levels);
      kindsOf.push(which);
    }),
  );
  const packed = (/** @type {{levels: Uint8Array[], which: number[]}} */ { levels, which }) => {
    const all = new Uint8Array(levels.length * LEVELS);
    levels.forEach((one, i) => all.set(one, i * LEVELS));
    return { levels: all, which };
  };
  return { kinds: kinds.length, pictures: packed(parts.pictures), tests: packed(parts.tests) };
}

/** @param {object} order where things are for the worker @param {() => void} quiet */
async function learn(order, quiet) {
  quiet();
  busy = true;
  forget();
  part.dataset.state = "learning";
  const own = split();
  const settings = { ...SETTINGS, count: own.pictures.which.length };
  let wrong = 1;
  const told = (/** @type {any} */ { steps, tests = [] }) => {
    wrong = tests[tests.length - 1]?.wrong ?? wrong;
    if (steps) say(`Learning: step ${steps} of ${STEPS}`);
  };
  let failed = "";
  try {
    say("Loading the engine");
    await worker.request(started ? "begin" : "start", { ...order, settings, own });
    started = true;
    told(await worker.request("learn", { steps: STEPS, pause: 0 }, told));
    const held = own.tests.which.length;
    byId("learn-own-score").replaceChildren(
      made("b", `${held - Math.round(wrong * held)} of ${held}`),
      ` pictures right that were held back. It learned from the other ${own.pictures.which.length}.`,
    );
    learned = true;
  } catch (error) {
    failed = toMessage(error).message;
    started = false;
    worker.terminate();
  } finally {
    busy = false;
  }
  part.dataset.state = learned ? "learned" : "idle";
  ready();
  if (failed) say(failed);
  if (!learned) return;
  say(camera ? "It has learned. Hold something else in front of the camera." : "It has learned. Draw something else, and see what it takes it for.");
  for (const name of ["says", "file"]) byId(`learn-own-${name}`).hidden = false;
  await ask();
}

/** Show what the picture is taken for. */
async function ask() {
  if (!learned || busy || (camera && !video.videoWidth)) return;
  again = asked;
  if (asked) return;
  asked = true;
  try {
    /** @type {Float32Array} */
    const shares = await worker.request("say", { levels: current().levels });
    byId("learn-own-says").replaceChildren(
      ...Array.from(shares, (share, i) => {
        const entry = document.createElement("li");
        const bar = made("span", "", "learn-bar");
        const fill = document.createElement("i");
        fill.style.width = `${100 * share}%`;
        bar.append(fill);
        entry.append(made("b", `${nameOf(i)} ${percent(share)}`), bar);
        return entry;
      }),
    );
  } catch (error) {
    say(toMessage(error).message);
  } finally {
    asked = false;
  }
  if (again) await ask();
}

function stopCamera() {
  camera?.getTracks().forEach((track) => track.stop());
  camera = undefined;
  video.srcObject = null;
  [video.hidden, pad.hidden] = [true, false];
  byId("learn-own-camera").textContent = "Use the camera";
}

async function toggleCamera() {
  if (camera) return stopCamera();
  try {
    camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = camera;
    [video.hidden, pad.hidden] = [false, true];
    byId("learn-own-camera").textContent = "Stop the camera";
    await video.play();
  } catch {
    stopCamera();
    say("The camera cannot be used: there is none, or this browser or you denied it.");
  }
  return undefined;
}

function offerPad() {
  let down = false;
  pad.addEventListener("pointerdown", (event) => {
    down = true;
    pad.setPointerCapture(event.pointerId);
    Object.assign(ink, { lineCap: "round", lineJoin: "round", lineWidth: PEN, strokeStyle: byId("learn-own-ink").value });
    ink.beginPath();
    line(event);
  });
  /** @param {PointerEvent} event */
  function line(event) {
    const box = pad.getBoundingClientRect();
    ink.lineTo(((event.clientX - box.left) * pad.width) / box.width, ((event.clientY - box.top) * pad.height) / box.height);
    ink.stroke();
  }
  pad.addEventListener("pointermove", (event) => down && line(event));
  for (const name of ["pointerup", "pointercancel"]) {
    pad.addEventListener(name, () => {
      down = false;
      ask();
    });
  }
  clear();
}

/** The file, and what the live page needs to know of it. */
async function described() {
  const count = kinds.reduce((sum, { pictures }) => sum + pictures.length, 0);
  const labels = Array.from({ length: 10 }, (_, i) => (i < kinds.length ? nameOf(i) : `no class ${i + 1}`));
  const bytes = /** @type {Uint8Array} */ (await worker.request("save"));
  return { bytes, labels, title: "The network with your classes", on: `${count} pictures of yours` };
}

/** @param {"openLive"|"saveFile"} way */
async function keep(way) {
  try {
    await (await import("./keep.js"))[way](await described());
  } catch (error) {
    say(toMessage(error).message);
  }
}

/** @param {() => object} order where things are for the worker @param {() => void} quiet what else
 * computes here stops */
export function offerOwn(order, quiet) {
  /** @type {HTMLElement} */ (part.querySelector(".learn-own-stage")).hidden = false;
  for (let i = 0; i < FEWEST; i += 1) addKind();
  offerPad();
  byId("learn-own-more").addEventListener("click", addKind);
  byId("learn-own-clear").addEventListener("click", clear);
  byId("learn-own-go").addEventListener("click", () => learn(order(), quiet));
  byId("learn-own-open").addEventListener("click", () => keep("openLive"));
  byId("learn-own-save").addEventListener("click", () => keep("saveFile"));
  if (navigator.mediaDevices) {
    byId("learn-own-camera").hidden = false;
    byId("learn-own-camera").addEventListener("click", toggleCamera);
  }
  setInterval(() => camera && !asked && ask(), ASKS);
  document.addEventListener("visibilitychange", () => document.hidden && stopCamera());
  addEventListener("pagehide", () => {
    stopCamera();
    worker.terminate();
    started = learned = false;
  });
}
