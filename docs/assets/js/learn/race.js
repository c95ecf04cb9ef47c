/**
 * The same training step on what this machine has, one lane after the other, so that none takes
 * another's time: "The race", with the peaks of 2012 beside, and "Eighty seconds".
 */

import { toMessage } from "../live/errors.js";
import { byId, graphicsCard, made, root } from "../live/page.js";
import { figure, summary } from "../live/rates.js";
import { WorkerClient } from "../live/worker-client.js";

/** @typedef {import("../live/store.js").Manifest} Manifest */
/** @typedef {{file: string, operations: number, batch: number, pass: number}} Contest the network's
 *   file, operations of a step for one picture, pictures a step, and of a pass (0: no pass is told) */
/** @typedef {{name: string, how: "plain"|"wasm"|"webgpu", threads: number, why?: string}} Lane */
/** @typedef {{rate: number, least: number, most: number, step: number}} Speed pictures a second, and
 *   ms of the median step */

const PATIENCE = 4000; // ms of a lane
const AGREES = 1e-4; // of the first losses, relative
const SHARES = [0.25, 0.75]; // the quartiles that are shown

/** @param {string} name @param {string} words */
function row(name, words) {
  const entry = document.createElement("li");
  const bar = made("span", "", "learn-bar");
  bar.append(document.createElement("i"));
  entry.append(made("b", name), bar, made("span", words, "learn-words"));
  return entry;
}

/** @param {boolean} plain whether a lane of plain JavaScript takes part @returns {Promise<Lane[]>} */
async function lanesHere(plain) {
  const threads = Math.min(4, navigator.hardwareConcurrency || 1);
  const card = await graphicsCard();
  /** @type {Lane[]} */
  const lanes = plain ? [{ name: "Plain JavaScript, one number at a time", how: "plain", threads: 1 }] : [];
  lanes.push({ name: "WebAssembly, four numbers at a time, one thread", how: "wasm", threads: 1 });
  if (globalThis.crossOriginIsolated && threads > 1) lanes.push({ name: `WebAssembly, ${threads} threads`, how: "wasm", threads });
  lanes.push({ name: card ? `WebGPU, on your graphics card (${card})` : "WebGPU, on a graphics card", how: "webgpu", threads: 1, ...(!card && { why: "This browser lends no graphics card to pages." }) });
  return lanes;
}

/** @param {number[]} times sorted ms of a step @param {number} batch @returns {Speed} */
function speedOf(times, batch) {
  const [quick, slow] = SHARES.map((share) => times[Math.floor(share * (times.length - 1))]);
  const step = summary(times).median;
  const rate = (/** @type {number} */ ms) => (1000 * batch) / ms;
  return { rate: rate(step), least: rate(slow), most: rate(quick), step };
}

/** @param {Speed} speed @param {Contest} contest @param {Speed|undefined} first */
function words({ rate, least, most, step }, { operations, pass }, first) {
  if (pass) {
    const minutes = pass / rate / 60;
    return `${figure(1000 / step)} steps a second (${figure(step)} ms each). Your machine would need ${figure(minutes)} minutes for a pass of ${pass.toLocaleString("en")} pictures (estimated).`;
  }
  const times = first && first.rate !== rate ? `, ${figure(rate / first.rate)} times plain JavaScript` : "";
  return `${figure(rate)} pictures a second (half of the steps: ${figure(least)} to ${figure(most)}), ${figure((rate * operations) / 1e9)} billion operations a second${times}.`;
}

/** Set up one contest. @param {string} id of its part of the page @param {Manifest} manifest
 * @param {() => void} quiet what else computes here stops */
function offer(id, manifest, quiet) {
  const part = byId(id);
  /** @type {Contest} */
  const contest = JSON.parse(part.dataset.contest);
  const [go, stop] = [byId(`${id}-go`), byId(`${id}-stop`)];
  const say = (/** @type {string} */ told) => (byId(`${id}-status`).textContent = told);
  /** @type {WorkerClient|undefined} */
  let worker;
  /** @type {import("../live/errors.js").UserError|undefined} why it was ended */
  let ended;

  /** @param {Lane} lane @param {(step: number) => void} progress
   * @returns {Promise<{times: number[], losses: number[]}>} */
  async function run({ how, threads }, progress) {
    const at = (/** @type {string} */ path) => new URL(path, root).href;
    const code = manifest.engine_code[how === "webgpu" ? "webgpu" : "wasm"];
    worker = new WorkerClient(new URL("race-worker.js", import.meta.url));
    const lane = { how, threads, engine: at("assets/live/engine/"), file: at(contest.file), code: { ...code, file: at(code.file) } };
    const patience = /** @type {any} */ (globalThis).liveTest?.patience ?? PATIENCE; // tests alone
    try {
      return await worker.request("run", { lane, batch: contest.batch, patience }, progress);
    } finally {
      worker.terminate();
      worker = undefined;
    }
  }

  go.addEventListener("click", async () => {
    quiet();
    ended = undefined;
    [go.disabled, stop.hidden] = [true, false];
    part.dataset.state = "running";
    const lanes = await lanesHere(contest.pass === 0);
    const rows = lanes.map((lane) => row(lane.name, lane.why ?? "waits"));
    byId(`${id}-lanes`).replaceChildren(...rows);
    /** @type {(Speed|undefined)[]} */
    const speeds = [];
    /** @type {number[]|undefined} */
    let wanted;
    try {
      for (const [i, lane] of lanes.entries()) {
        const told = /** @type {HTMLElement} */ (rows[i].lastChild);
        speeds.push(undefined);
        if (ended) throw ended; // before its worker began
        if (lane.why) continue;
        say(`${lane.name}: ${i + 1} of ${lanes.length}. Leave this page open.`);
        told.textContent = "starts";
        try {
          const { times, losses } = await run(lane, (step) => (told.textContent = `step ${step}`));
          wanted ??= losses;
          if (losses.some((loss, k) => !(Math.abs(loss / /** @type {number[]} */ (wanted)[k] - 1) < AGREES))) {
            told.textContent = "It computes something else than the first lane, so its time is not shown.";
            continue;
          }
          speeds[i] = speedOf(times, contest.batch);
          told.textContent = words(/** @type {Speed} */ (speeds[i]), contest, speeds[0]);
        } catch (error) {
          const { kind, message } = toMessage(error);
          if (kind === "ended") throw error;
          told.textContent = message;
        }
      }
      draw(rows, speeds);
      say(speeds.some(Boolean) ? "Measured here, one after the other; the same numbers came out of each." : "Nothing could be measured here.");
      part.dataset.state = "done";
    } catch (error) {
      say(toMessage(error).message);
      for (const one of rows) if (/^(waits|starts|step \d+)$/.test(one.lastChild?.textContent ?? "")) one.remove();
      part.dataset.state = "stopped";
    } finally {
      [go.disabled, stop.hidden] = [false, true];
    }
  });

  /** All bars at once, as long as their rates allow: the race as it would be side by side.
   * @param {HTMLElement[]} rows @param {(Speed|undefined)[]} speeds */
  function draw(rows, speeds) {
    const peaks = [...part.querySelectorAll("[data-peak]")];
    const own = speeds.map((speed) => ((speed?.rate ?? 0) * contest.operations) / 1e9);
    const given = peaks.map((peak) => Number(/** @type {HTMLElement} */ (peak).dataset.peak));
    const most = Math.max(...own, ...given);
    [...rows, ...peaks].forEach((one, i) => {
      const bar = /** @type {HTMLElement} */ (one.querySelector("i"));
      const share = [...own, ...given][i] / most;
      bar.style.width = "0";
      requestAnimationFrame(() => requestAnimationFrame(() => (bar.style.width = `${(100 * share).toFixed(2)}%`)));
    });
  }

  const end = (/** @type {string} */ message) => {
    ended = { kind: "ended", message };
    worker?.terminate(ended);
  };
  stop.addEventListener("click", () => end("Stopped."));
  document.addEventListener("visibilitychange", () => document.hidden && end("Stopped: the page was hidden, and a hidden page is slowed down. Start again."));
  addEventListener("pagehide", () => end(""));
  go.hidden = false;
}

/** @param {Manifest} manifest @param {() => void} quiet */
export function offerRaces(manifest, quiet) {
  for (const id of ["learn-race", "learn-eighty"]) offer(id, manifest, quiet);
}
