/**
 * For a museum's stand: samples with their recorded answers take turns until somebody touches the
 * screen, which loads the network; a minute without a touch brings that back. No links lead away
 * and nothing is kept.
 */

import { store } from "./store.js";
import { WORKING, byId, here, made } from "./page.js";

const TURN = 6_000; // milliseconds for each sample
const REST = 60_000;

/** The theme keeps the choice of colours; here nothing is kept. */
function forget() {
  try {
    localStorage.clear();
  } catch {
    // storage is denied, so it is empty
  }
}

/** @param {{start: () => Promise<unknown>, reset: () => void, samples: HTMLButtonElement[]}} page */
export function kiosk({ start, reset, samples }) {
  document.documentElement.classList.add("live-kiosk");
  const curtain = byId("live-curtain");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const rest = () => Number(/** @type {any} */ (globalThis).liveTest?.rest ?? REST); // tests alone
  let at = 0;
  /** @type {number|undefined} */
  let idle;

  const turn = () => {
    const button = samples[at % samples.length];
    const said = button.parentElement?.querySelector(".live-said")?.textContent ?? "";
    const picture = /** @type {HTMLImageElement} */ (button.querySelector("img")?.cloneNode());
    picture.loading = "eager";
    byId("live-curtain-picture").replaceChildren(picture, made("p", said.replace("Recorded:", "It said:")));
    at += 1;
  };
  const attract = () => {
    reset();
    forget();
    turn();
    curtain.hidden = false;
    here.inert = true;
    byId("live-curtain-go").focus();
  };
  const touched = () => {
    clearTimeout(idle);
    if (curtain.hidden) idle = setTimeout(rested, rest());
  };
  const rested = () => {
    if (WORKING.includes(here.dataset.state ?? "")) touched();
    else attract();
  };

  curtain.addEventListener("click", async () => {
    curtain.hidden = true;
    here.inert = false;
    touched();
    if (!store.card) await start();
  });
  for (const kind of ["pointerdown", "keydown", "input"]) document.addEventListener(kind, touched);
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
}
