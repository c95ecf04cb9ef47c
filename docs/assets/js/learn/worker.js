/**
 * Away from the page's own thread: learns, and tells how it goes. One message in, one message out,
 * under the same `id`; `progress` messages between. A run goes on until "stop".
 */

import { download } from "../live/download.js";
import { toMessage, userError } from "../live/errors.js";
import { filterSheet, mapSheet } from "../live/maps.js";
import { four } from "../live/decode.js";
import { Learner, given } from "./learner.js";

/** @typedef {import("./learner.js").Settings} Settings */
/** @typedef {import("../live/engine.js").Place & {code: {file: string, bytes: number},
 *   networks: string}} StartAsk where the engine and the networks' files are */
/** @typedef {{steps: number, pause: number, stops: number, id: number}} LearnAsk how many steps
 *   from here on, and ms of rest after each */

const EVERY = 25; // steps between two tests
const FRAME = 200; // ms between two messages
const SHOWN = 10; // test pictures whose answers are always reported

/** @type {Learner|undefined} */
let learner;
/** @type {StartAsk|undefined} */
let place;
let shown = 0; // the picture whose maps are reported
let stops = 0;

/** @param {string} address */
async function bytesOf(address) {
  const answer = await fetch(address).catch(() => undefined);
  if (!answer?.ok) throw userError("offline", "The network could not be fetched. Are you offline? Try again.");
  return new Uint8Array(await answer.arrayBuffer());
}

/** @param {StartAsk & {id: number, settings: Settings, own?: any}} ask */
async function start(ask) {
  if (typeof WebAssembly !== "object") {
    throw userError("unsupported", "This browser cannot run WebAssembly. Any browser since 2021 can.");
  }
  const progress = (/** @type {number} */ bytes) => postMessage({ id: ask.id, progress: bytes });
  const wasm = await download(ask.code.file, "The engine", ask.code.bytes, progress);
  place = { ...ask, wasm };
  return begin(ask);
}

/** @param {string} network @returns {Promise<Learner>} */
async function learnerOf(network) {
  if (learner?.settings.network === network) return learner;
  if (!place) throw userError("idle", "Start the engine first.");
  const [step, forward] = await Promise.all(["", "-forward"].map((part) => bytesOf(`${place?.networks}${network}${part}.onnx`)));
  await learner?.release();
  try {
    return await Learner.start(place, { step, forward });
  } catch (error) {
    throw userError("unsupported", `The engine does not start in this browser (${toMessage(error).message.slice(0, 160)}).`);
  }
}

/** @typedef {{levels: Uint8Array, which: number[]}} Own pictures and their kinds */

/** @param {{settings: Settings, own?: {kinds: number, pictures: Own, tests: Own}}} ask own: pictures
 *   in the place of drawn ones */
async function begin({ settings, own }) {
  learner = await learnerOf(settings.network);
  const source = (/** @type {Own} */ { levels, which }) => given(own?.kinds ?? 0, levels, which);
  learner.begin(settings, own && { pictures: source(own.pictures), tests: source(own.tests) });
  const test = await learner.test();
  return { steps: 0, train: [], tests: [tested(learner, test)], ...(await view(learner)) };
}

/** @param {Learner} one @param {Awaited<ReturnType<Learner["test"]>>} test */
function tested(one, { loss, wrong, mistakes }) {
  const worst = mistakes.slice(0, 10).map((answer) => ({ ...answer, levels: one.tests.at(answer.item).slice() }));
  return { at: one.steps, loss, wrong, worst };
}

/** @param {import("../live/maps.js").Sheet} sheet */
const painting = (sheet) => ({ pixels: four(sheet), width: sheet.width, height: sheet.height });

/** The filters, the answers to the pictures that are always reported, and one picture's maps.
 * @param {Learner} one */
async function view(one) {
  const { dims, data } = one.learned[one.filters];
  const sheet = filterSheet(/** @type {Float32Array} */ (data), dims[0], dims[2], false).sheet;
  const { answers } = await one.answers(Array.from({ length: Math.min(SHOWN, one.tests.count) }, (_, i) => i));
  const names = one.network.outputNames.slice(1);
  const found = await one.look([one.tests.at(shown)], names);
  const maps = names.map((name) => {
    const { data, dims: [, count, side] } = found[name];
    return { ...painting(mapSheet(data, count, side).sheet), side };
  });
  return { answers, maps, filters: { ...painting(sheet), side: dims[2] } };
}

/** @param {LearnAsk} ask */
async function learn(ask) {
  if (!learner) throw userError("idle", "Start the network first.");
  const until = learner.steps + ask.steps;
  let [train, tests] = [/** @type {any[]} */ ([]), /** @type {any[]} */ ([])];
  let reported = performance.now();
  let [timed, took] = [0, 0]; // steps, and their ms
  const news = async (/** @type {Learner} */ one) => {
    const rate = took > 0 ? (1000 * one.settings.batch * timed) / took : 0;
    const words = { steps: one.steps, train, tests, rate, ...(await view(one)) };
    [train, tests, timed, took] = [[], [], 0, 0];
    return words;
  };
  while (learner.steps < until && ask.stops === stops) {
    const began = performance.now();
    const score = await learner.step();
    took += performance.now() - began;
    timed += 1;
    train.push({ at: learner.steps, ...score });
    if (!Number.isFinite(score.loss)) {
      throw userError("diverged", "The loss is no number any more: the learning rate is too high. Start over with a lower one.");
    }
    if (learner.steps % EVERY === 0) tests.push(tested(learner, await learner.test()));
    if (performance.now() - reported > FRAME) {
      postMessage({ id: ask.id, progress: await news(learner) });
      reported = performance.now();
    }
    if (ask.pause || learner.steps % 4 === 0) await new Promise((done) => setTimeout(done, ask.pause)); // lets a "stop" in
  }
  return news(learner);
}

/** The maps of another picture. @param {{item: number}} ask */
async function show({ item }) {
  shown = item;
  if (!learner) throw userError("idle", "Start the network first.");
  return { steps: learner.steps, train: [], tests: [], ...(await view(learner)) };
}

/** What a picture is taken for: the probability of each kind. @param {{levels: Uint8Array}} ask */
async function say({ levels }) {
  if (!learner) throw userError("idle", "Start the network first.");
  return (await learner.shares([levels]))[0];
}

/** The network with what it has learned, as an ONNX file. */
function save() {
  if (!learner) throw userError("idle", "Start the network first.");
  return learner.saved();
}

const TASKS = { start, begin, learn, show, say, save };

/** @type {Promise<void>} the task before */
let before = Promise.resolve();

/** @param {any} ask */
async function carryOut(ask) {
  try {
    postMessage({ id: ask.id, result: await TASKS[/** @type {"start"} */ (ask.do)](ask) });
  } catch (error) {
    postMessage({ id: ask.id, ...toMessage(error) });
  }
}

addEventListener("message", ({ data: ask }) => {
  if (ask.do === "stop") stops += 1;
  if (ask.do === "show") shown = ask.item; // at once, also in a run
  const now = { ...ask, stops };
  if (ask.do in TASKS) before = before.then(() => carryOut(now));
});
