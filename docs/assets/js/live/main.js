/**
 * The live page: asks the worker, shows what it answers. The worker alone touches the network
 * and the pictures, so this thread stays free.
 */

import { answer, occlude } from "./answer.js";
import { closeCamera } from "./camera.js";
import { unchanged } from "./changes.js";
import { listen, showView } from "./controls.js";
import { desk, remember, samples } from "./desk.js";
import { closeLook } from "./inside.js";
import { letGo, listenForPictures, takeSample } from "./input.js";
import { kiosk } from "./kiosk.js";
import { graphicsCard, load, offer } from "./loading.js";
import { byId, json, megabytes, say } from "./page.js";
import { engineOf } from "./runner.js";
import { saveCard, shift, stopShift } from "./shift.js";

async function begin() {
  try {
    desk.manifest = await json("assets/live/manifest.json");
  } catch {
    say("offline", "The list of networks could not be fetched. Are you offline? Load the page again.");
    return;
  }
  const { engine, models, runner } = desk.manifest;
  const outside = runner ? await engineOf(runner).catch(() => undefined) : undefined;
  if (outside) byId("live-engine").append(new Option(outside.words, "runner"));
  if (!engine || models.length === 0) {
    byId("live-drop").hidden = true;
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
  say("idle", "");
  const chosen = samples.find((button) => button.dataset.name === desk.view.picture);
  if (chosen) await takeSample(chosen);
  if (desk.view.kiosk) kiosk({ start, reset, samples });
}

/** From the button on: load, then name what is chosen. */
async function start() {
  if (!(await load())) return;
  if (desk.picture) await answer(true);
  else if (!desk.view.kiosk) byId("live-file").focus();
}

/** As if nobody had been here; the network stays loaded. */
function reset() {
  stopShift();
  closeCamera();
  letGo();
  desk.view = { ...desk.view, picture: "", layer: "", silent: 0, quiz: false, change: unchanged() };
  showView();
  remember();
  putAway();
  scrollTo(0, 0);
  if (desk.card) say("ready", "Choose a picture.");
}

/** No answer is shown, nor anything that follows from one. */
function putAway() {
  for (const name of ["answer", "inside", "shift"]) byId(`live-${name}`).hidden = true;
  closeLook();
}

/** Nothing is loaded any more: the worker and its memory are gone. */
function unload() {
  desk.worker.end();
  desk.card = undefined;
  desk.runner = undefined;
  byId("live-proof").textContent = "";
  stopShift();
  closeCamera();
  putAway();
}

byId("live-load").addEventListener("click", start);
byId("live-shift-go").addEventListener("click", shift);
byId("live-shift-stop").addEventListener("click", stopShift);
byId("live-card-save").addEventListener("click", saveCard);
byId("live-cancel").addEventListener("click", () => desk.worker.tell("cancel"));
byId("live-stop").addEventListener("click", () => desk.worker.tell("stop"));
byId("live-occlude").addEventListener("click", occlude);
for (const name of ["live-which", "live-engine"]) {
  byId(name).addEventListener("change", () => {
    unload();
    offer();
    say("idle", "");
  });
}
addEventListener("pagehide", unload);
addEventListener("pageshow", (event) => {
  if (!event.persisted || desk.manifest.models.length === 0) return;
  offer(); // come back to: the page is kept by the browser, the network is not
  say("idle", "");
});

showView();
listen();
listenForPictures();
begin();
