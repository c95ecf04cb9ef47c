/**
 * The live page: asks the worker, shows what it answers. The worker alone touches the network
 * and the pictures, so this thread stays free.
 */

import { answer, occlude } from "./answer.js";
import { closeCamera } from "./camera.js";
import { unchanged } from "./changes.js";
import { listen, showView } from "./controls.js";
import { store, remember, samples } from "./store.js";
import { clearPicture, listenForPictures, takeChosen, takeHandedOver, takeSample } from "./input.js";
import { learnedNetwork } from "./kept.js";
import { cancel, isReadyToHand, load, offer, price, priceMatters } from "./loading.js";
import { listenForNames } from "./names.js";
import { byId, graphicsCard, json, megabytes, root, say } from "./page.js";
import { engineOf } from "./runner.js";

async function begin() {
  byId("live-invite").textContent = "Show it a photograph of a thing or an animal";
  try {
    store.manifest = await json("assets/live/manifest.json");
  } catch {
    say("offline", "The list of networks could not be fetched. Are you offline? Load the page again.");
    return;
  }
  const { engine, models, runner } = store.manifest;
  if (new URLSearchParams(location.search).get("network") === "learned") {
    const learned = await learnedNetwork(root);
    if (learned) models.unshift(learned);
  }
  const outside = runner ? await engineOf(runner).catch(() => undefined) : undefined;
  if (outside) byId("live-engine").append(new Option(outside.words, "runner", true, true));
  if (!outside && (!engine || models.length === 0)) {
    for (const name of ["drop", "tools"]) byId(`live-${name}`).hidden = true;
    listenForPictures(startUnlessMetered);
    const lacks = engine ? "no network file" : "no engine";
    say("missing", `This copy of the site was built with ${lacks}, so nothing runs here. The README says how to build it whole.`);
    return;
  }
  byId("live-which").append(
    ...models.map(({ file, bytes }, i) => {
      const name = file.split("/").pop()?.replace(".onnx", "");
      return new Option(`${name} (${megabytes(bytes)})`, String(i));
    }),
  );
  byId("live-which-label").hidden = models.length < 2;
  const card = await graphicsCard();
  if (card) byId("live-engine").append(new Option(`your graphics card (${card}), by WebGPU`, "webgpu"));
  byId("live-engine-label").hidden = !card && !outside;
  offer();
  listenForPictures(startUnlessMetered);
  say("idle", "");
  if (store.view.kiosk) {
    (await import("./kiosk.js")).kiosk({ start, show: takeSample, reset, samples });
    return;
  }
  if (outside) await load();
  const chosen = samples.find((button) => button.dataset.name === store.view.picture);
  const yours = new URLSearchParams(location.search).get("picture") === "yours";
  const handed = yours && (await (await import("./handover.js")).collect());
  if (byId("live-file").files?.length) await takeChosen(); // on a slow line, before this ran
  else if (chosen) await takeSample(chosen, await isReadyToHand());
  else if (handed) await takeHandedOver(handed);
  else if (!outside && (await isReadyToHand())) await start();
}

/** Load what is missing, then name what is chosen. Where each byte is paid for, ask first. */
async function startUnlessMetered() {
  if (starting) return starting;
  if ((await isReadyToHand()) || !priceMatters()) return start();
  say("idle", `Your connection is metered. The network and its engine take ${price()} once: press Load to go on.`);
  return undefined;
}

/** @type {Promise<void>|undefined} the start that is under way */
let starting;

function start() {
  starting ??= loadAndAnswer().finally(() => (starting = undefined));
  return starting;
}

async function loadAndAnswer() {
  if (!(await load())) return;
  if (store.picture) await answer(true);
  else if (document.activeElement === document.body) byId("live-file").focus({ preventScroll: true });
}

/** As if nobody had been here; the network stays loaded. */
function reset() {
  closeCamera();
  clearPicture();
  store.view = { ...store.view, picture: "", layer: "", silent: 0, quiz: false, change: unchanged() };
  showView();
  remember();
  putAway();
  scrollTo(0, 0);
  if (store.card) say("ready", "Choose a picture.");
}

/** No answer is shown, nor anything that follows from one. */
function putAway() {
  for (const name of ["answer", "compare", "changes", "inside", "shift"]) byId(`live-${name}`).hidden = true;
  if (byId("live-maps").firstChild) import("./inside.js").then(({ closeLook }) => closeLook());
}

/** Nothing is loaded any more: the worker and its memory are gone. */
function unload() {
  store.worker.terminate();
  store.card = undefined;
  store.runner = undefined;
  byId("live-proof").textContent = "";
  closeCamera();
  putAway();
}

byId("live-load").addEventListener("click", start);
// The engine loads while the person chooses or looks into the camera.
for (const way of ["file", "camera"]) {
  byId(`live-${way}`).addEventListener("click", () => {
    if (["idle", "offline", "cancelled"].includes(byId("live").dataset.state) && !priceMatters()) start();
  });
}
byId("live-side").addEventListener("click", async () => (await import("./compare.js")).keepSide());
byId("live-walk").addEventListener("click", async () => (await import("./walk.js")).toggleWalk());
byId("live-arithmetic").addEventListener("toggle", () => import("./arithmetic.js"), { once: true });
for (const way of /** @type {("share"|"copy"|"save")[]} */ (["share", "copy", "save"])) {
  byId(`live-${way}`).addEventListener("click", async () => (await import("./result-card.js"))[way]());
}
byId("live-share").hidden = !navigator.canShare?.({ files: [new File([""], "a.png", { type: "image/png" })] });
byId("live-copy").hidden = !("clipboard" in navigator && "ClipboardItem" in globalThis);
byId("live-cancel").addEventListener("click", cancel);
byId("live-stop").addEventListener("click", () => store.worker.post("stop"));
byId("live-occlude").addEventListener("click", occlude);
for (const name of ["live-which", "live-engine"]) {
  byId(name).addEventListener("change", () => {
    unload();
    offer();
    say("idle", "");
  });
}
addEventListener("pagehide", unload);
addEventListener("pageshow", async (event) => {
  if (!event.persisted || store.manifest.models.length === 0) return;
  offer(); // come back to: the page is kept by the browser, the network in memory is not
  say("idle", "");
  if (await isReadyToHand()) await start();
});

showView();
listen();
listenForNames();
begin();
