/**
 * The live page: asks the worker, shows what it answers. The worker alone touches the network
 * and the pictures, so this thread stays free.
 */

import { answer, occlude } from "./answer.js";
import { closeCamera } from "./camera.js";
import { listen, showView } from "./controls.js";
import { desk, samples } from "./desk.js";
import { listenForPictures, takeSample } from "./input.js";
import { graphicsCard, load, offer } from "./loading.js";
import { byId, json, megabytes, say } from "./page.js";

async function begin() {
  try {
    desk.manifest = await json("assets/live/manifest.json");
  } catch {
    say("offline", "The list of networks could not be fetched. Are you offline? Load the page again.");
    return;
  }
  const { engine, models } = desk.manifest;
  if (!engine || models.length === 0) {
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
  byId("live-engine-label").hidden = !card;
  offer();
  byId("live-drop").hidden = false;
  say("idle", "");
  const chosen = samples.find((button) => button.dataset.name === desk.view.picture);
  if (chosen) await takeSample(chosen);
}

/** Nothing is loaded any more: the worker and its memory are gone. */
function unload() {
  desk.worker.end();
  desk.card = undefined;
  closeCamera();
}

byId("live-load").addEventListener("click", async () => {
  if (!(await load())) return;
  if (desk.picture) await answer(true);
  else byId("live-file").focus();
});
byId("live-cancel").addEventListener("click", () => desk.worker.tell({ do: "cancel" }));
byId("live-stop").addEventListener("click", () => desk.worker.tell({ do: "stop" }));
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
