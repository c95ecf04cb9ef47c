/** Where pictures come from: the samples, a file, a drop, a paste, the camera, the pad. */

import { answer } from "./answer.js";
import { offerCamera } from "./camera.js";
import { desk, remember, samples } from "./desk.js";
import { byId, here, say } from "./page.js";
import { offerPad } from "./pad.js";
import { closeQuiz } from "./quiz.js";

/** @param {Blob} blob @param {string} words @param {string} [sample] its name */
async function take(blob, words, sample = "") {
  const title = words.replace(/\.$/, "");
  desk.picture = { words: title, blob };
  desk.view.picture = sample;
  remember();
  closeQuiz();
  mark();
  if (desk.card || desk.runner) await answer(true);
  else if (here.dataset.state !== "loading") {
    say("idle", `${title} is chosen. Load the network to have it named.`);
  }
}

/** No picture is chosen any more, and nothing of an earlier one is left. */
export function letGo() {
  desk.picture = undefined;
  byId("live-file").value = "";
  byId("live-pad-clear").click();
  closeQuiz();
}

function mark() {
  for (const button of samples) {
    button.setAttribute("aria-pressed", String(button.dataset.name === desk.view.picture));
  }
}

/** @param {HTMLButtonElement} button a sample's */
export async function takeSample(button) {
  try {
    const told = await fetch(button.dataset.sample ?? "");
    if (!told.ok) throw new Error(String(told.status));
    const words = button.querySelector("img")?.alt ?? "";
    await take(await told.blob(), words, button.dataset.name);
  } catch {
    say("offline", "The sample could not be fetched. Are you offline?");
  }
}

/** Listen to every way in. */
export function listenForPictures() {
  for (const button of samples) button.addEventListener("click", () => takeSample(button));
  mark();
  byId("live-file").addEventListener("change", () => {
    const [file] = byId("live-file").files ?? [];
    if (file) take(file, file.name);
  });
  offerCamera(take);
  offerPad(take);
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
}
