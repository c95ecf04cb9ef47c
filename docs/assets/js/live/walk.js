/** A walk through the layers, one after the other, on request. */

import { byId, say } from "./page.js";

const PAUSE = 2600; // ms at each layer
const WORDS = [
  "Your picture goes in: 64 by 64 pixels, three colours.",
  "Convolution 1: small filters look for edges and patches of colour.",
  "Convolution 2: corners, textures and stripes, put together from those edges.",
  "Convolution 3: parts of things. Here alone among the convolutions, each tower sees the other's maps.",
  "Convolution 4: larger parts, in smaller maps.",
  "Convolution 5: what whole things tend to have, hardly where it is.",
  "Full layer 6: each of its numbers weighs all maps at once. From here on there is no place any more.",
  "Full layer 7: the same once more. Pictures of one kind of thing make like patterns here.",
  "Full layer 8: one number for each name. The brightest wins.",
  "And that is what it says.",
];

/** @type {number|undefined} */
let timer;

/** End the walk. */
function stopWalk() {
  clearTimeout(timer);
  timer = undefined;
  byId("live-walk").textContent = "Walk me through";
  for (const node of byId("live-layers").children) node.classList.remove("live-here");
}

/** @param {number} at the step */
function step(at) {
  const nodes = [...byId("live-layers").children];
  if (at >= nodes.length) {
    stopWalk();
    return;
  }
  nodes.forEach((node, i) => node.classList.toggle("live-here", i === at));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  nodes[at].scrollIntoView({ block: "nearest", inline: "center", behavior: still ? "auto" : "smooth" });
  const words = at === nodes.length - 1 ? WORDS[WORDS.length - 1] : WORDS[at];
  byId("live-walk-words").textContent = words;
  timer = setTimeout(() => step(at + 1), PAUSE);
}

/** Begin the walk, or end the one under way. */
export function toggleWalk() {
  if (timer !== undefined) {
    stopWalk();
    say("answered", "The walk has stopped.");
    return;
  }
  byId("live-walk").textContent = "Stop the walk";
  step(0);
}

document.addEventListener("live-answered", stopWalk);
