/**
 * The GPU shift on the reader's own machine: the loaded network on one thread of the processor,
 * on several where the page may use them, and on the graphics card; beside the cards of 2012 and
 * today. Each figure says whether it is measured, published or estimated.
 */

import { WorkerClient } from "./worker-client.js";
import { drawCard } from "./card.js";
import { store } from "./store.js";
import { graphicsCard, order } from "./loading.js";
import { byId, made, say } from "./page.js";
import { estimated, figure, rate, sentence, summary } from "./rates.js";
import { toMessage } from "./errors.js";

/** @typedef {import("./rates.js").Row} Row */
/** @typedef {import("./engine.js").Kind} Kind */

const BATCH = 32;
const PATIENCE = 4_000; // milliseconds for the runs of one figure

/** @type {WorkerClient|undefined} */
let running;

/** The rows of the table that are known without measuring. @returns {Row[]} */
function known() {
  const nodes = [...byId("live-shift-known").querySelectorAll("li")].filter(
    (node) => !node.dataset.network || node.dataset.network === store.card?.architecture,
  );
  return nodes.map(({ dataset: { name = "", rate, peak, share } }) =>
    rate
      ? { name, rate: Number(rate), how: "measured by us" }
      : estimated(name, Number(peak), store.offers.multiplyAdds, share ? Number(share) : undefined),
  );
}

/** @param {string} name @param {Kind} kind @param {number} threads @returns {Promise<Row>} */
async function measured(name, kind, threads) {
  running = new WorkerClient();
  try {
    const card = /** @type {import("./store.js").Card} */ (store.card);
    await running.request("load", order(kind, threads, card));
    const patience = /** @type {any} */ (globalThis).liveTest?.patience ?? PATIENCE; // tests alone
    const one = summary(await running.request("time", { batch: 1, runs: 30, patience }));
    const many = summary(await running.request("time", { batch: BATCH, runs: 9, patience }));
    return { name, one, rate: rate(many, BATCH), how: "measured here" };
  } catch (error) {
    const { kind: state, message } = toMessage(error);
    if (state === "ended") throw error;
    return { name, how: message };
  } finally {
    running.terminate();
    running = undefined;
  }
}

/** Time everything that this machine has. */
export async function shift() {
  byId("live-shift-go").disabled = true;
  byId("live-shift-stop").hidden = false;
  /** @type {Row[]} */
  const rows = [];
  try {
    const steps = await plan();
    for (const [at, step] of steps.entries()) {
      say("timing", `Timing ${at + 1} of ${steps.length}: ${step.name}. Leave this page open.`);
      rows.push(step.why ? { name: step.name, how: step.why } : await measured(step.name, step.kind, step.threads));
    }
    const all = [...rows, ...known()];
    show(all);
    drawCard(byId("live-card"), all, store.card?.title ?? "");
    say("answered", `Timed. ${sentence(all)}`);
  } catch (error) {
    say("cancelled", toMessage(error).message);
  } finally {
    byId("live-shift-go").disabled = false;
    byId("live-shift-stop").hidden = true;
  }
}

/** @returns {Promise<{name: string, kind: Kind, threads: number, why: string}[]>} */
async function plan() {
  const threads = Math.min(4, navigator.hardwareConcurrency || 1);
  const gpu = await graphicsCard();
  const alone = globalThis.crossOriginIsolated;
  return [
    { name: "Your processor, one thread", kind: "wasm", threads: 1, why: "" },
    {
      name: alone ? `Your processor, ${threads} threads` : "Your processor, several threads",
      kind: "wasm",
      threads,
      why: alone ? "" : "not allowed: this host does not send the headers that threads need",
    },
    {
      name: gpu ? `Your graphics card (${gpu})` : "Your graphics card",
      kind: "webgpu",
      threads: 1,
      why: gpu ? "" : "this browser lends none to pages, or has only software in its place",
    },
  ];
}

/** @param {Row[]} rows */
function show(rows) {
  const base = rows[0].rate;
  const heads = byId("live-shift-table").querySelectorAll("thead th");
  byId("live-shift-rows").replaceChildren(
    ...rows.map((row) => {
      const node = document.createElement("tr");
      const name = made("th", row.name);
      name.setAttribute("scope", "row");
      const { one, how } = row;
      const cells = [
        one ? `${one.median.toFixed(1)} ms (${one.least.toFixed(1)} to ${one.most.toFixed(1)})` : "",
        row.rate ? figure(row.rate) : "",
        row.rate && base ? `${figure(row.rate / base)} ×` : "",
        how,
      ];
      node.append(name, ...cells.map((words) => made("td", words)));
      cells.forEach((_, i) => (node.cells[i + 1].dataset.head = heads[i + 1].innerText));
      return node;
    }),
  );
  byId("live-shift-table").hidden = false;
  byId("live-card-box").hidden = false;
}

/** Give up timing. */
export const stopShift = () => running?.terminate();

/** Save the card as a picture. */
export function saveCard() {
  byId("live-card").toBlob((/** @type {Blob|null} */ blob) => {
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "alexnet-on-my-machine.png";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}
