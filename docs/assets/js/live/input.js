/** Where pictures come from: the samples, files, a drop, a paste, the camera, the pad. */

import { answer } from "./answer.js";
import { offerCamera } from "./camera.js";
import { showView } from "./controls.js";
import { remember, samples, store } from "./store.js";
import { byId, here, made, say } from "./page.js";
import { offerPad } from "./pad.js";
import { hidePhoto, showPhoto } from "./photo.js";
import { closeQuiz } from "./quiz.js";

/** @typedef {() => Promise<unknown>} Start loads what is missing and answers */

const MANY = 50; // files of one drop that are named

/** @type {Start} */
let load;
/** What is missing is loaded while the picture is read. */
const missing = () => !(store.card || store.runner) && load();
let choice = 0; // the newest: of an older one nothing more is shown
const choose = () => (choice += 1);

/** @param {Blob} blob @param {string} words @param {string} [sample] its name
 * @param {boolean} [loads] whether what is missing is loaded
 * @param {string} [shows] what it shows, in words @param {number} [own] the choice it belongs to
 * @param {Promise<unknown>|false} [loading] what is missing, on its way */
async function take(blob, words, sample = "", loads = true, shows = words, own = choose(), loading = loads && missing()) {
  const title = words.replace(/\.$/, "");
  const readable = await showPhoto(blob, shows);
  if (own !== choice) return;
  if (store.picture) Object.assign(store.view.change, { closer: 100, at: [] }); // it was for that one
  store.picture = { words: title, blob: readable };
  store.view.picture = sample;
  showView();
  remember();
  closeQuiz();
  mark();
  if (store.card || store.runner) await answer(true);
  else if (loads) await (loading || load());
  else if (here.dataset.state !== "loading") say("idle", `${title} is chosen. Load the network to have it named.`);
}

/** Name several files, one after the other, and list what they are called.
 * @param {File[]} files */
async function takeAll(files) {
  const own = choose();
  const list = byId("live-many");
  list.replaceChildren();
  list.hidden = files.length < 2;
  for (const file of files.slice(0, MANY)) {
    await take(file, file.name, "", true, file.name, own);
    if (files.length < 2 || own !== choice) return;
    const [best] = here.dataset.state === "answered" ? store.top : [];
    const said = best ? `${best.label}, ${(100 * best.share).toFixed(0)}%` : byId("live-status").textContent;
    const row = document.createElement("li");
    row.append(made("b", file.name), ` ${said}`);
    list.append(row);
  }
  if (files.length > MANY) list.append(made("li", `${files.length - MANY} more files were left out.`));
}

/** What to say of a drop or a paste that holds no file. @param {DataTransfer|null} data */
function nothingIn(data) {
  if (!data || data.types.length === 0) return;
  const link = data.types.includes("text/uri-list") || /^https?:/.test(data.getData("text/plain"));
  say(
    "picture",
    link
      ? "That was a link. This page fetches nothing from other sites: save the picture first, or copy the picture itself and paste it here."
      : "There was no picture in that. Copy a picture or choose a file.",
  );
}

/** No picture is chosen any more, and nothing of an earlier one is left. */
export function clearPicture() {
  choose();
  store.picture = undefined;
  byId("live-file").value = "";
  byId("live-pad-clear").click();
  byId("live-many").hidden = true;
  hidePhoto();
  closeQuiz();
}

function mark() {
  for (const button of samples) {
    button.setAttribute("aria-pressed", String(button.dataset.name === store.view.picture));
  }
}

/** @param {HTMLButtonElement} button a sample's @param {boolean} [loads] */
export async function takeSample(button, loads = true) {
  const own = choose();
  const loading = loads && missing();
  let blob;
  try {
    const reply = await fetch(button.dataset.sample ?? "");
    if (!reply.ok) throw new Error(String(reply.status));
    blob = await reply.blob();
  } catch {
    if (own === choice) say("offline", "The sample could not be fetched. Are you offline?");
    return;
  }
  if (own !== choice) return;
  byId("live-many").hidden = true;
  const shows = button.querySelector("img")?.alt;
  await take(blob, button.dataset.title ?? "", button.dataset.name, loads, shows, own, loading);
}

/** A picture from another page of the site. @param {Blob} blob */
export const takeHandedOver = (blob) => take(blob, blob instanceof File ? blob.name : "Your picture");

/** The pictures that stand in the file input. */
export async function takeChosen() {
  const files = [...(byId("live-file").files ?? [])];
  if (files.length) await takeAll(files);
}

/** Listen to every way in. @param {Start} start */
export function listenForPictures(start) {
  load = start;
  for (const button of samples) button.addEventListener("click", () => takeSample(button));
  mark();
  byId("live-file").addEventListener("click", () => {
    byId("live-file").value = ""; // so that the same file can be chosen again
  });
  byId("live-file").addEventListener("change", takeChosen);
  offerCamera(take);
  offerPad(take);
  const box = byId("live-drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("live-photo--over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) box.classList.remove("live-photo--over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("live-photo--over");
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) takeAll(files);
    else nothingIn(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    if (/** @type {Element} */ (event.target).closest("input, textarea")) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 1) takeAll(files);
    else if (files.length) take(files[0], "The pasted picture");
    else nothingIn(event.clipboardData);
  });
}
