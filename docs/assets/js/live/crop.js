/**
 * The frame on the picture, moved and resized by hand: by pointer, by two fingers, by keys. The
 * answer follows. Loaded with the first answer.
 */

import { answer } from "./answer.js";
import { frameOf } from "./changes.js";
import { remember, store } from "./store.js";
import { showView } from "./controls.js";
import { byId } from "./page.js";
import { showFrame } from "./photo.js";
import { SLIDERS } from "./state.js";

/** @typedef {{x: number, y: number}} Point in pixels of the picture */

const STEP = 0.02; // of the picture's shorter side, for each press of an arrow key
const ZOOM = 5; // percent, for each press of + or -

const frame = /** @type {HTMLElement} */ (byId("live-crop"));
const image = /** @type {HTMLImageElement} */ (byId("live-whole"));

/** Where the frame is now. */
function current() {
  const { width, height } = { width: image.naturalWidth, height: image.naturalHeight };
  const { left, top, side } = frameOf({ width, height }, store.card?.input, store.view.change);
  return { width, height, side, x: left + side / 2, y: top + side / 2 };
}

/** Move the frame, within the picture. @param {Point} to its middle @param {number} [closer] its
 * size, in percent of the largest; as it was if not given */
function move({ x, y }, closer = store.view.change.closer) {
  const { width, height } = current();
  const { change } = store.view;
  const [least, most] = SLIDERS.closer;
  change.closer = Math.round(Math.min(most, Math.max(least, closer)));
  const within = (/** @type {number} */ part) => Math.round(1000 * Math.min(1, Math.max(0, part)));
  change.at = [within(x / width), within(y / height)];
  const now = current(); // its middle where the picture's edge holds it back
  change.at = [within(now.x / width), within(now.y / height)];
  if (change.at.every((part) => part === 500)) change.at = []; // the middle
  showView();
  remember();
  showFrame();
  answer(false);
}

/** The pointers that are down, as they came and as they are. @type {Map<number, {from: Point, to: Point}>} */
const pointers = new Map();
/** @type {[number, number]|undefined} the corner that is pulled: -1 or 1 across and down */
let corner;
let began = { width: 1, height: 1, side: 1, x: 0, y: 0, closer: 100 };

/** @param {PointerEvent} event @returns {Point} */
function place(event) {
  const box = image.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * image.naturalWidth,
    y: ((event.clientY - box.top) / box.height) * image.naturalHeight,
  };
}

/** From here on distances are counted. */
function begin() {
  for (const one of pointers.values()) one.from = one.to;
  began = { ...current(), closer: store.view.change.closer };
}

/** Follow the pointers: two pinch, one pulls a corner or moves the frame. */
function follow() {
  const [one, two] = [...pointers.values()];
  const { x, y, side, closer } = began;
  if (two) {
    const apart = (/** @type {"from"|"to"} */ when) => Math.hypot(one[when].x - two[when].x, one[when].y - two[when].y);
    move({ x, y }, (closer * apart("to")) / Math.max(1, apart("from")));
  } else if (corner) {
    const [across, down] = corner;
    const fixed = { x: x - (across * side) / 2, y: y - (down * side) / 2 };
    const wanted = Math.max(across * (one.to.x - fixed.x), down * (one.to.y - fixed.y), 1);
    const [least, most] = SLIDERS.closer;
    const size = Math.min(most, Math.max(least, (closer * wanted) / side));
    const half = (side * size) / closer / 2;
    move({ x: fixed.x + across * half, y: fixed.y + down * half }, size);
  } else move({ x: x + one.to.x - one.from.x, y: y + one.to.y - one.from.y });
}

/** @param {PointerEvent} event */
function release(event) {
  if (!pointers.delete(event.pointerId)) return;
  corner = undefined;
  begin();
}

/** @param {KeyboardEvent} event */
function press(event) {
  const { width, height, x, y } = current();
  const step = STEP * Math.min(width, height);
  const to = {
    ArrowLeft: { x: x - step, y },
    ArrowRight: { x: x + step, y },
    ArrowUp: { x, y: y - step },
    ArrowDown: { x, y: y + step },
    "+": { x, y },
    "-": { x, y },
    0: { x: width / 2, y: height / 2 },
  }[event.key];
  if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const { closer } = store.view.change;
  // "+" brings the picture closer, so the frame gets smaller.
  move(to, event.key === "0" ? 100 : closer - ZOOM * (Number(event.key === "+") - Number(event.key === "-")));
}

frame.addEventListener("pointerdown", (event) => {
  if (event.button > 0) return;
  const waiting = event.pointerType === "touch" && document.activeElement !== frame;
  frame.focus({ preventScroll: true });
  if (waiting) return; // the first touch chooses the frame; until then a finger scrolls the page
  event.preventDefault();
  frame.setPointerCapture(event.pointerId);
  const at = place(event);
  pointers.set(event.pointerId, { from: at, to: at });
  const pulled = /** @type {HTMLElement} */ (event.target).dataset.corner;
  corner = pulled ? /** @type {[number, number]} */ (pulled.split(" ").map(Number)) : undefined;
  begin();
});
frame.addEventListener("pointermove", (event) => {
  const one = pointers.get(event.pointerId);
  if (!one) return;
  one.to = place(event);
  follow();
});
for (const end of /** @type {("pointerup"|"pointercancel")[]} */ (["pointerup", "pointercancel"])) {
  frame.addEventListener(end, release);
}
frame.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return; // two fingers on a touchpad; without it the page scrolls
  event.preventDefault();
  const { x, y } = current();
  move({ x, y }, store.view.change.closer * Math.exp(event.deltaY / 200));
});
frame.addEventListener("dblclick", () => move({ x: image.naturalWidth / 2, y: image.naturalHeight / 2 }, 100));
frame.addEventListener("keydown", press);
