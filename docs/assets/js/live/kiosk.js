/**
 * For a museum's stand: samples with their recorded answers take turns until somebody touches the
 * screen, which has the one that is shown named here; a minute without a touch brings that back.
 * No links lead away and nothing is kept. What has failed, or goes on for too long, is loaded again
 * once nobody is there.
 */

import { store } from "./store.js";
import { WORKING, byId, here, made } from "./page.js";

const TURN = 6_000; // milliseconds for each sample
const REST = 60_000;
const PATIENCE = 5; // rests that something may take
const FRESH = 60; // rests without a touch, after which the page is loaded again

/** The theme keeps the choice of colours; here nothing is kept. */
function forget() {
  try {
    localStorage.clear();
  } catch {
    // storage is denied, so it is empty
  }
}

/** Load the page again, unless its host does not answer: then what is here is all there is. */
async function reload() {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => undefined);
  if (answer?.ok) location.reload();
}

/** @param {{start: () => Promise<unknown>, show: (button: HTMLButtonElement) => Promise<void>, reset: () => void,
 *   samples: HTMLButtonElement[]}} page */
export function kiosk({ start, show, reset, samples }) {
  document.documentElement.classList.add("live-kiosk");
  const curtain = byId("live-curtain");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const rest = () => Number(/** @type {any} */ (globalThis).liveTest?.rest ?? REST); // tests alone
  const shown = samples.filter(({ dataset }) => ["first", "later"].includes(dataset.judged ?? "")); // hits and near misses
  let at = -1;
  let rests = 0;
  let broken = false;
  /** @type {number|undefined} */
  let idle;

  const turn = () => {
    at = (at + 1) % shown.length;
    const { title, verdict } = shown[at].dataset;
    const said = shown[at].parentElement?.querySelector(".live-said")?.textContent ?? "";
    const picture = /** @type {HTMLImageElement} */ (shown[at].querySelector("img")?.cloneNode());
    picture.loading = "eager";
    picture.src = shown[at].dataset.sample ?? ""; // the list has small copies
    byId("live-curtain-picture").replaceChildren(
      picture,
      made("p", `${title}. ${said.replace("Recorded:", "It said:")}`),
      made("p", verdict ?? "", "live-verdict"),
    );
  };
  const attract = () => {
    reset();
    forget();
    turn();
    curtain.hidden = false;
    here.inert = true;
    byId("live-curtain-go").focus();
    if (!store.card) start(); // so that the first touch is answered at once
  };
  const wait = () => {
    clearTimeout(idle);
    idle = setTimeout(rested, rest());
  };
  const rested = () => {
    rests += 1;
    const working = WORKING.includes(here.dataset.state ?? "");
    if (broken || rests >= (working ? PATIENCE : FRESH)) {
      rests = 0;
      reload();
    } else if (curtain.hidden && !working) attract();
    wait();
  };
  const touched = () => {
    rests = 0;
    wait();
  };

  curtain.addEventListener("click", () => {
    curtain.hidden = true;
    here.inert = false;
    show(shown[at]);
  });
  for (const kind of ["pointerdown", "keydown", "input"]) document.addEventListener(kind, touched);
  for (const kind of ["error", "unhandledrejection"]) addEventListener(kind, () => (broken = true));
  document.addEventListener(
    "click",
    (event) => {
      if (/** @type {Element} */ (event.target).closest("a[href]")) event.preventDefault();
    },
    true,
  );
  document.addEventListener("contextmenu", (event) => event.preventDefault());
  if (!still) setInterval(() => curtain.hidden || turn(), TURN);
  attract();
  wait();
}
