/** Away from the page's own thread: times the steps of one lane of a race. */

import { download } from "../live/download.js";
import { toMessage, userError } from "../live/errors.js";
import { Stream, batchOf } from "./learner.js";
import { PlainSteps } from "./plain.js";
import { uniform } from "./random.js";
import { CLASSES, Steps } from "./steps.js";

/** @typedef {{how: "plain"|"wasm"|"webgpu", threads: number, engine: string, file: string,
 *   code: {file: string, bytes: number}}} Lane what computes, and where its files are */
/** @typedef {{id: number, lane: Lane, batch: number, patience: number}} Ask pictures a step, and ms */

const [SEED, RATE, PICTURES, LEAST, MOST] = [1, 0.02, 200, 3, 300];

/** @param {Lane} lane @param {number} batch */
async function stepsOf({ how, threads, engine, file, code }, batch) {
  if (how === "plain") return new PlainSteps();
  const wasm = await download(code.file, "The engine", code.bytes, () => {});
  const answer = await fetch(file).catch(() => undefined);
  if (!answer?.ok) throw userError("offline", "The network could not be fetched. Are you offline? Try again.");
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return Steps.start({ engine, kind: how, threads, wasm }, bytes, batch);
}

/** Batches without end: drawn shapes for the network that learns them, noise for the other.
 * @param {number} side @param {number} batch @returns {(step: number) => import("./steps.js").Batch} */
function batches(side, batch) {
  const pictures = new Stream(SEED, PICTURES);
  if (side === 28) {
    const settings = { network: "", seed: SEED, count: PICTURES, vary: false, rate: RATE, batch };
    return (step) => batchOf(pictures, settings, step);
  }
  const value = uniform(SEED, 0);
  const x = Float32Array.from({ length: batch * 3 * side * side }, (_, i) => 2 * value(i) - 1);
  const y = new Float32Array(batch * CLASSES);
  for (let i = 0; i < batch; i += 1) y[i * CLASSES + (i % CLASSES)] = 1;
  return () => ({ x, y });
}

/** Learn for some seconds. @param {Ask} ask @returns {Promise<{times: number[], losses: number[]}>}
 *   ms of each step but the first, sorted, and the losses of the first ones */
async function run({ id, lane, batch, patience }) {
  const steps = await stepsOf(lane, batch);
  const next = batches(steps instanceof Steps ? steps.side : 28, batch);
  steps.begin(SEED);
  const [times, losses] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  const until = performance.now() + patience;
  for (let at = 0; at <= LEAST || (performance.now() < until && at < MOST); at += 1) {
    const given = next(at);
    const began = performance.now();
    const { loss } = await steps.run(given, RATE);
    if (at > 0) times.push(performance.now() - began);
    if (at <= LEAST) losses.push(loss);
    postMessage({ id, progress: at });
  }
  await steps.release();
  return { times: times.sort((a, b) => a - b), losses };
}

addEventListener("message", async ({ data: ask }) => {
  try {
    postMessage({ id: ask.id, result: await run(ask) });
  } catch (error) {
    const { kind, message } = toMessage(error);
    const words = kind === "failed" ? `it does not run in this browser (${message.slice(0, 120)})` : message;
    postMessage({ id: ask.id, kind, message: words });
  }
});
