/**
 * "Learn it here": asks the worker to learn, and shows what it tells. The worker alone computes, so
 * this thread stays free.
 */

import { toMessage } from "../live/errors.js";
import { byId, here, json, made, megabytes, root, say } from "../live/page.js";
import { figure } from "../live/rates.js";
import { WorkerClient } from "../live/worker-client.js";
import { drawCurves } from "./curves.js";
import { KINDS, LEVELS, SIDE, TEST_SEED, draw } from "./pictures.js";
import { offerOwn } from "./own.js";
import { offerRaces } from "./race.js";
import { MOST_SEEDS, read, usual, write } from "./state.js";

/** @typedef {import("./curves.js").Point} Point */
/** @typedef {import("./learner.js").Answer} Answer */
/** @typedef {{pixels: Uint8ClampedArray<ArrayBuffer>, width: number, height: number}} Painting */
/** @typedef {Painting & {side: number}} Tiles */
/** @typedef {{steps: number, train: Point[], tests: (Point & {worst: (Answer & {levels: Uint8Array})[]})[],
 *   rate?: number, answers: Answer[], maps: Tiles[], filters: Tiles}} News what has come since the last */

const SHOWN = 10;
const PAUSES = { fast: 0, slow: 250 }; // ms after each step
const GAP = 8; // canvas pixels between tiles
const MANY = 3000; // steps after which it stops by itself

/** @type {{runs: (import("./curves.js").Recorded & Omit<import("./learner.js").Settings, "seed">)[], operations: Record<string, number>}} */
const records = JSON.parse(byId("learn-records").textContent);
const worker = new WorkerClient(new URL("worker.js", import.meta.url));
const run = { train: /** @type {Point[]} */ ([]), tests: /** @type {Point[]} */ ([]) };
let settings = read(location.search);
let steps = 0;
let started = false;
/** @type {Promise<void>|undefined} */
let loading;
let running = false;
let turn = 0; // of those who asked it to learn
let waits = false; // it goes on when the page is seen again
let shown = 0;
/** @type {import("../live/store.js").Manifest} */
let manifest;

/** @param {HTMLCanvasElement} canvas @param {Painting} painting */
function paint(canvas, { pixels, width, height }) {
  Object.assign(canvas, { width, height });
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
}

/** Tiles with room between them. @param {HTMLCanvasElement} canvas @param {Tiles} tiles */
function paintTiles(canvas, { side, ...painting }) {
  const sheet = document.createElement("canvas");
  paint(sheet, painting);
  const scale = Math.ceil(64 / side);
  const own = side * scale + GAP;
  Object.assign(canvas, { width: (painting.width / side) * own - GAP, height: (painting.height / side) * own - GAP });
  const context = canvas.getContext("2d");
  if (!context) return;
  context.imageSmoothingEnabled = false;
  for (let y = 0; y < painting.height / side; y += 1) {
    for (let x = 0; x < painting.width / side; x += 1) {
      context.drawImage(sheet, x * side, y * side, side, side, x * own, y * own, own - GAP, own - GAP);
    }
  }
}

/** @param {HTMLCanvasElement} canvas @param {Uint8Array} levels (3, 28, 28) */
function paintLevels(canvas, levels) {
  const pixels = new Uint8ClampedArray(SIDE * SIDE * 4).fill(255);
  for (let i = 0; i < SIDE * SIDE; i += 1) {
    for (let c = 0; c < 3; c += 1) pixels[i * 4 + c] = levels[c * SIDE * SIDE + i];
  }
  paint(canvas, { pixels, width: SIDE, height: SIDE });
}

const percent = (/** @type {number} */ share) => `${Math.round(100 * share)}%`;

/** The test pictures, each a button that shows its maps. */
const pictures = Array.from({ length: SHOWN }, (_, item) => {
  const entry = document.createElement("li");
  const press = document.createElement("button");
  const canvas = document.createElement("canvas");
  const words = made("span", KINDS[item], "learn-said");
  press.type = "button";
  press.setAttribute("aria-pressed", String(item === shown));
  const levels = new Uint8Array(LEVELS);
  draw(TEST_SEED, item, levels);
  paintLevels(canvas, levels);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `A drawn picture: ${KINDS[item]}`);
  press.append(canvas);
  press.addEventListener("click", () => choose(item));
  entry.append(press, words);
  byId("learn-pictures").append(entry);
  return { press, words };
});

/** @param {number} item */
async function choose(item) {
  shown = item;
  pictures.forEach(({ press }, i) => press.setAttribute("aria-pressed", String(i === item)));
  byId("learn-maps-of").textContent = KINDS[item];
  if (!started) return;
  if (running) worker.post("show", { item });
  else show(await worker.request("show", { item }));
}

/** @param {Answer} answer @param {HTMLElement} words */
function judge({ kind, said, share }, words) {
  const right = said === kind;
  words.classList.toggle("learn-right", right);
  words.classList.toggle("learn-wrong", !right);
  words.textContent = `${right ? "✓" : "✗"} ${KINDS[said]} ${percent(share)}`;
}

/** @param {News} news */
function show(news) {
  steps = news.steps;
  here.dataset.steps = String(steps);
  run.train.push(...news.train);
  run.tests.push(...news.tests);
  const test = run.tests[run.tests.length - 1];
  byId("learn-score").replaceChildren(made("b", percent(test.wrong)), ` of new pictures wrong after ${test.at} steps`);
  curves();
  if (news.rate) speed(news.rate, news.rate * records.operations[settings.network]);
  for (const answer of news.answers) judge(answer, pictures[answer.item].words);
  paintTiles(byId("learn-filters"), news.filters);
  for (const [i, canvas] of document.querySelectorAll(".learn-maps").entries()) {
    const map = /** @type {HTMLCanvasElement} */ (canvas);
    map.hidden = i >= news.maps.length;
    if (!map.hidden) paintTiles(map, news.maps[i]);
  }
  byId("learn-inside").hidden = false;
  const worst = news.tests[news.tests.length - 1]?.worst;
  if (worst) mistakes(worst);
}

/** @param {number} rate pictures a second @param {number} operations a second */
function speed(rate, operations) {
  const line = byId("learn-pace");
  const peak = Math.round(1000 * Number(line.dataset.peak)).toLocaleString("en");
  line.textContent = `${figure(rate)} pictures a second on one thread of your processor: ${figure(operations / 1e9)} billion operations a second. A graphics card of 2012, the GTX 580: ${peak} billion at its peak.`;
}

/** @param {(Answer & {levels: Uint8Array})[]} worst */
function mistakes(worst) {
  byId("learn-mistakes").replaceChildren(
    ...worst.map(({ kind, said, share, levels }) => {
      const entry = document.createElement("li");
      const canvas = document.createElement("canvas");
      paintLevels(canvas, levels);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `A drawn picture: ${KINDS[kind]}`);
      entry.append(canvas, made("span", `${KINDS[kind]}, taken for ${KINDS[said]} (${percent(share)})`, "learn-said"));
      return entry;
    }),
  );
  byId("learn-mistakes-box").hidden = worst.length === 0 || steps === 0;
}

/** The recorded runs of what is set; undefined where none were. */
function recorded() {
  const same = (/** @type {Record<string, unknown>} */ one) => Object.entries(settings).every(([key, value]) => key === "seed" || one[key] === value);
  return records.runs.find(same);
}

function curves() {
  const measure = byId("learn-loss").checked ? "loss" : "wrong";
  drawCurves(byId("learn-curves"), run, measure, recorded());
  const test = run.tests[run.tests.length - 1];
  const words = test
    ? `After ${test.at} steps ${percent(test.wrong)} of new pictures are wrong, loss ${test.loss.toFixed(2)}.`
    : "Nothing is learned yet.";
  byId("learn-curves").setAttribute("aria-label", `The curves of the run. ${words}`);
}

/** Where things are for the worker. */
function order() {
  const at = (/** @type {string} */ path) => new URL(path, root).href;
  const code = manifest.engine_code.wasm;
  return {
    engine: at("assets/live/engine/"),
    kind: "wasm",
    threads: 1,
    code: { file: at(code.file), bytes: code.bytes },
    networks: at("assets/learning/"),
  };
}

/** Hand on the network as it is now, with what the live page tells of it. @param {"openLive"|"saveFile"} way */
async function keep(way) {
  if (running) pause();
  const { network, count } = settings;
  try {
    const bytes = /** @type {Uint8Array} */ (await worker.request("save"));
    const title = network === usual().network ? "Your network of ten shapes" : `Your network of ten shapes (${byId("learn-network").selectedOptions[0].textContent})`;
    await (await import("./keep.js"))[way]({ bytes, labels: KINDS, title, on: `${count.toLocaleString("en")} drawn shapes, ${steps} steps` });
  } catch (error) {
    const { kind, message } = toMessage(error);
    say(kind, message);
  }
}

/** Set what can be pressed now. */
function buttons() {
  byId("learn-keep").hidden = !started;
  byId("learn-go").textContent = running ? "Pause" : steps ? "Go on" : "Let it learn";
  byId("learn-step").disabled = running;
  byId("learn-again").disabled = !started;
}

/** Load the engine, and begin with what is set once it is there. */
async function load() {
  let asked = settings;
  let fresh = await worker.request("start", { ...order(), settings });
  while (asked !== settings) {
    asked = settings;
    fresh = await worker.request("begin", { settings });
  }
  show(fresh);
  started = true;
}

/** Learn for some steps, or until it is paused. @param {number} count */
async function learn(count) {
  turn += 1;
  const mine = turn;
  running = true;
  buttons();
  try {
    if (!started) {
      say("loading", `Loading the engine (${megabytes(manifest.engine_code.wasm.travels)}, once)`);
      loading ??= load().finally(() => (loading = undefined));
      await loading;
      buttons();
      if (mine !== turn) return;
      if (!running) {
        say("idle", ""); // paused meanwhile
        return;
      }
    }
    say("learning", "Learning");
    const pause = PAUSES[/** @type {"fast"|"slow"} */ (byId("learn-speed").value)];
    show(await worker.request("learn", { steps: count, pause }, show));
    if (mine === turn) pausedAt();
  } catch (error) {
    failed(error);
  } finally {
    if (mine === turn) running = false;
    buttons();
  }
}

/** @param {unknown} error of the worker, whose network is then not what is set */
function failed(error) {
  const { kind, message } = toMessage(error);
  if (kind === "ended") return;
  if (kind !== "diverged") unload();
  say(kind, message);
}

const rest = () => (steps < MANY ? MANY - steps : MANY);
const pausedAt = () => say("paused", `Paused after ${steps} ${steps === 1 ? "step" : "steps"}.`);

/** Let it stop; it says so once its last step is done. */
function pause() {
  worker.post("stop");
  running = false;
  buttons();
}

/** Forget what was learned, and begin with what is set now. */
async function again() {
  history.replaceState(null, "", `${location.pathname}${write(settings)}${location.hash}`);
  if (!started) return; // while it loads, `load` sees to it
  const goesOn = running;
  if (running) pause();
  try {
    const fresh = await worker.request("begin", { settings });
    run.train.length = run.tests.length = 0;
    show(fresh);
  } catch (error) {
    failed(error);
    return;
  }
  say("idle", "");
  buttons();
  if (goesOn) await learn(rest());
}

/** Nothing runs any more: the worker and its memory are gone. */
function unload() {
  worker.terminate();
  started = running = waits = false;
  run.train.length = run.tests.length = steps = 0;
  curves();
  buttons();
}

/** Set every control to the settings. */
function showSettings() {
  byId("learn-network").value = settings.network;
  byId("learn-seed").value = settings.seed;
  byId("learn-count").value = String(settings.count);
  byId("learn-rate").value = String(settings.rate);
  byId("learn-batch").value = String(settings.batch);
  byId("learn-vary").checked = settings.vary;
}

byId("learn-go").addEventListener("click", () => (running ? pause() : learn(rest())));
byId("learn-step").addEventListener("click", () => learn(1));
byId("learn-again").addEventListener("click", again);
byId("learn-open").addEventListener("click", () => keep("openLive"));
byId("learn-save").addEventListener("click", () => keep("saveFile"));
byId("learn-speed").addEventListener("change", () => {
  if (!running) return;
  pause();
  learn(rest());
});
for (const name of ["learn-network", "learn-seed", "learn-count", "learn-rate", "learn-batch", "learn-vary"]) {
  byId(name).addEventListener("change", () => {
    const seed = Math.round(byId("learn-seed").valueAsNumber);
    settings = {
      network: byId("learn-network").value,
      seed: seed >= 1 && seed <= MOST_SEEDS ? seed : usual().seed,
      count: Number(byId("learn-count").value),
      rate: Number(byId("learn-rate").value),
      batch: Number(byId("learn-batch").value),
      vary: byId("learn-vary").checked,
    };
    showSettings();
    curves();
    again();
  });
}
for (const name of ["learn-wrong", "learn-loss"]) byId(name).addEventListener("change", curves);
new ResizeObserver(curves).observe(byId("learn-curves").parentElement);
document.addEventListener("visibilitychange", () => {
  if (document.hidden && running) {
    pause();
    waits = true;
  } else if (!document.hidden && waits) {
    waits = false;
    learn(rest());
  }
});
addEventListener("pagehide", unload);

showSettings();
curves();
buttons();
json("assets/live/manifest.json").then(
  (found) => {
    manifest = found;
    byId("learn-score").textContent = "Not yet learned: it would guess, and be wrong nine times in ten.";
    if (manifest.engine) {
      for (const name of ["learn-go", "learn-step"]) byId(name).hidden = false;
      const quiet = () => running && pause();
      offerRaces(manifest, quiet);
      offerOwn(order, quiet);
      say("idle", "");
    } else say("missing", "This copy of the site was built with no engine, so nothing runs here. The README says how to build it whole.");
  },
  () => say("offline", "The list of files could not be fetched. Are you offline? Load the page again."),
);
