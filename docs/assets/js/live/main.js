/**
 * The live page: asks the worker, shows what it answers. The worker alone touches the network
 * and the pictures, so this thread stays free.
 */

/** @typedef {{name: string, wnid?: string}} Label */
/** @typedef {{title: string, name: string, labels: Label[], input: any, output: string,
 *   precision: string, weights: {trained_by: string, trained_on: string}}} Card */
/** @typedef {{file: string, card: string, reference: string|null, bytes: number,
 *   sha256: string}} Model */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
const here = byId("live");
const root = new URL(here.dataset.root || "./", location.href);
const status = byId("live-status");
/** @type {Map<number, {done: Function, failed: Function, progress?: (x: number) => void}>} */
const waiting = new Map();
let asked = 0;
/** @type {Worker|undefined} */
let worker;
/** @type {Card|undefined} */
let card;
/** @type {{engine: string|null, models: Model[]}} */
let manifest = { engine: null, models: [] };
/** @type {{words: string, blob: Blob}|undefined} */
let picture;
let best = 0;
let turn = 0;

/** @param {number} bytes */
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Name the state, for style and tests, and say it. @param {string} state @param {string} words */
function say(state, words) {
  here.dataset.state = state;
  status.textContent = words;
}

/** @param {string} task @param {object} [more] @param {(x: number) => void} [progress]
 * @returns {Promise<any>} */
function ask(task, more = {}, progress) {
  worker ??= start();
  asked += 1;
  const id = asked;
  const answer = new Promise((done, failed) => waiting.set(id, { done, failed, progress }));
  worker.postMessage({ id, do: task, ...more });
  return answer;
}

function start() {
  const made = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  made.addEventListener("message", ({ data }) => {
    const one = waiting.get(data.id);
    if (!one) return;
    if ("progress" in data) {
      one.progress?.(data.progress);
      return;
    }
    waiting.delete(data.id);
    if ("result" in data) one.done(data.result);
    else one.failed(data);
  });
  made.addEventListener("error", () => {
    for (const { failed } of waiting.values()) {
      failed({ kind: "unsupported", message: "The engine does not start in this browser." });
    }
    waiting.clear();
    made.terminate();
    worker = undefined;
  });
  return made;
}

/** @param {string} address */
const json = async (address) => {
  const answer = await fetch(new URL(address, root));
  if (!answer.ok) throw new Error(`${address}: status ${answer.status}`);
  return answer.json();
};

const chosen = () => manifest.models[Number(byId("live-which").value) || 0];

async function begin() {
  try {
    manifest = await json("assets/live/manifest.json");
  } catch {
    say("offline", "The list of networks could not be fetched. Are you offline? Load the page again.");
    return;
  }
  if (!manifest.engine || manifest.models.length === 0) {
    const lacks = manifest.engine ? "no network file" : "no engine";
    say("missing", `This copy of the site was built with ${lacks}, so nothing runs here. The README says how to build it whole.`);
    return;
  }
  byId("live-which").append(
    ...manifest.models.map(({ file, bytes }, i) => {
      const name = file.split("/").pop()?.replace(".onnx", "");
      return new Option(`${name} (${megabytes(bytes)})`, String(i));
    }),
  );
  byId("live-which-label").hidden = manifest.models.length < 2;
  offer();
  byId("live-drop").hidden = false;
  say("idle", "");
}

/** The button, with its price. */
function offer() {
  byId("live-load").textContent = `Load the network (${megabytes(chosen().bytes)}, and the engine, 14 MB)`;
  byId("live-load").hidden = false;
}

async function load() {
  const model = chosen();
  const bar = byId("live-progress");
  byId("live-load").hidden = true;
  byId("live-cancel").hidden = false;
  byId("live-cancel").focus();
  bar.hidden = false;
  bar.max = model.bytes;
  bar.value = 0;
  byId("live-proof").textContent = "";
  say("loading", `Loading ${megabytes(model.bytes)}`);
  let told;
  try {
    const told_card = /** @type {Card} */ (await json(model.card));
    const reference = model.reference ? await json(model.reference) : null;
    if (reference && reference.model_sha256 !== model.sha256) {
      throw { kind: "corrupted", message: "The reference answer belongs to another file." };
    }
    told = await ask(
      "load",
      {
        model: new URL(model.file, root).href,
        bytes: model.bytes,
        sha256: model.sha256,
        engine: new URL("assets/live/engine/", root).href,
        card: { input: told_card.input, output: told_card.output },
        reference,
      },
      (at) => {
        bar.value = at;
      },
    );
    card = told_card;
  } catch (error) {
    const { kind, message } = /** @type {{kind?: string, message: string}} */ (error);
    say(kind ?? "offline", kind ? message : "The network's card could not be fetched. Try again.");
    offer();
    byId("live-load").focus();
    return;
  } finally {
    byId("live-cancel").hidden = true;
    bar.hidden = true;
  }
  const { weights, title } = card;
  const proof =
    told.distance === null
      ? "No reference answer comes with this file, so it was not proved here."
      : `Proved here: the reference picture's answer differs from the Python runner's by ${told.distance.toExponential(1)} (relative).`;
  byId("live-proof").textContent =
    `${proof} SHA-256 ${model.sha256}. ONNX Runtime Web ${manifest.engine}, WebAssembly, one thread. ` +
    `${told.cached ? "From this browser's store" : "Fetched"} in ${told.load.toFixed(0)} ms, made ready in ${told.create.toFixed(0)} ms.`;
  say("ready", `${title} is ready. It was trained by ${weights.trained_by} on ${weights.trained_on}.`);
  byId("live-about").textContent = "Your picture never leaves this machine.";
  if (picture) await answer(true);
  else byId("live-file").focus();
}

const change = () => ({
  flip: byId("live-flip").checked,
  grey: byId("live-grey").checked,
  bright: byId("live-bright").valueAsNumber,
  noise: byId("live-noise").valueAsNumber,
});

/** Name what is seen. @param {boolean} fresh whether the picture is a new one */
async function answer(fresh) {
  if (!picture || !card) return;
  turn += 1;
  const own = turn;
  let told;
  try {
    told = await ask("classify", {
      blob: fresh ? picture.blob : undefined,
      change: change(),
      timed: fresh,
    });
  } catch (error) {
    const { kind, message } = /** @type {{kind: string, message: string}} */ (error);
    if (own === turn) say(kind, `${picture.words}: ${message}`);
    if (own === turn) byId("live-answer").hidden = true;
    return;
  }
  if (own !== turn) return;
  show(told);
  // In a task of its own: scrolling lays the page out anew.
  if (fresh) setTimeout(() => byId("live-answer").scrollIntoView({ block: "nearest" }));
}

/** @param {{seen: Uint8ClampedArray, size: number, top: {index: number, share: number}[],
 *   decode: number, times: number[]}} told */
function show({ seen, size, top, decode, times }) {
  const { labels } = /** @type {Card} */ (card);
  best = top[0].index;
  byId("live-top").replaceChildren(
    ...top.map(({ index, share }) => {
      const row = document.createElement("li");
      const name = document.createElement("span");
      const percent = document.createElement("span");
      const bar = document.createElement("span");
      name.textContent = labels[index].name;
      percent.textContent = `${(100 * share).toFixed(1)}%`;
      bar.className = "live-bar";
      bar.setAttribute("aria-hidden", "true");
      bar.style.setProperty("--share", String(share));
      row.append(name, percent, bar);
      row.dataset.class = String(index);
      return row;
    }),
  );
  paint(byId("live-seen"), seen, size);
  byId("live-seen-words").textContent = `What the network sees: ${size} × ${size} pixels.`;
  if (times.length > 1) {
    byId("live-times").textContent =
      `Reading and resizing the picture: ${decode.toFixed(0)} ms. The network: ` +
      `${times[times.length >> 1].toFixed(1)} ms (median of ${times.length}; ` +
      `${times[0].toFixed(1)} to ${times[times.length - 1].toFixed(1)}). Measured on this machine.`;
  }
  byId("live-answer").hidden = false;
  byId("live-map").hidden = true;
  say("answered", `${picture?.words}: ${labels[best].name}, ${(100 * top[0].share).toFixed(0)}%`);
}

/** @param {HTMLCanvasElement} canvas @param {Uint8ClampedArray} four channels a pixel
 * @param {number} size */
function paint(canvas, four, size) {
  canvas.width = size;
  canvas.height = size;
  const image = new ImageData(/** @type {any} */ (four), size, size);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

async function occlude() {
  byId("live-stop").hidden = false;
  byId("live-occlude").disabled = true;
  try {
    const { map, across } = await ask("occlude", { change: change(), target: best }, (done) => {
      say("hiding", `Hiding one part after another: ${Math.round(100 * done)}%`);
    });
    paint(byId("live-map").querySelector("canvas"), map, across);
    byId("live-map").hidden = false;
    say("answered", "The map of what matters is ready.");
  } catch (error) {
    const { kind, message } = /** @type {{kind: string, message: string}} */ (error);
    say(kind, message);
  } finally {
    byId("live-stop").hidden = true;
    byId("live-occlude").disabled = false;
  }
}

/** @param {Blob} blob @param {string} words */
async function take(blob, words) {
  picture = { words: words.replace(/\.$/, ""), blob };
  if (card) await answer(true);
  else say("idle", `${words} is chosen. Load the network to have it named.`);
}

byId("live-load").addEventListener("click", load);
byId("live-cancel").addEventListener("click", () => worker?.postMessage({ do: "cancel" }));
byId("live-stop").addEventListener("click", () => worker?.postMessage({ do: "stop" }));
byId("live-occlude").addEventListener("click", occlude);
byId("live-which").addEventListener("change", () => {
  worker?.terminate();
  worker = undefined;
  card = undefined;
  offer();
  say("idle", "");
});
byId("live-file").addEventListener("change", (/** @type {Event} */ event) => {
  const [file] = /** @type {HTMLInputElement} */ (event.target).files ?? [];
  if (file) take(file, file.name);
});
for (const name of ["flip", "grey", "bright", "noise"]) {
  byId(`live-${name}`).addEventListener("input", () => answer(false));
}
for (const button of here.querySelectorAll("[data-sample]")) {
  button.addEventListener("click", async () => {
    try {
      const told = await fetch(button.dataset.sample);
      if (!told.ok) throw new Error(String(told.status));
      await take(await told.blob(), button.querySelector("img").alt);
    } catch {
      say("offline", "The sample could not be fetched. Are you offline?");
    }
  });
}
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file) take(file, file.name);
});
document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData?.files ?? [];
  if (file) take(file, "The pasted picture");
});
addEventListener("pagehide", () => worker?.terminate());

begin();
