/** What the worker does with the gradient: why this name, how the network is fooled, what grows. */

import { four } from "./decode.js";
import { shares } from "./engine.js";
import { gradientOf } from "./gradient.js";
import { grow } from "./grow.js";
import { normalise } from "./picture.js";

/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {import("./picture.js").Pixels} Pixels */
/** @typedef {{engine: Engine, pixels: Pixels|undefined, temperature: number, stopped: () => boolean,
 *   tell: (progress: any) => void}} Work the picture, where one is asked about; the card's temperature */
/** @typedef {import("./gradient.js").Files} Files */

const FULL = 0.99; // of the pixels so many are weaker than what is drawn in full colour

/** How strongly each pixel moves a class's score: of its three channels the largest slope, as four
 * channels, dark where it is strong.
 * @param {Work} work @param {{files: Files, target: number, silent: number}} ask */
async function why({ engine, pixels }, { files, target, silent }) {
  const gradient = await gradientOf(engine, files);
  const seen = /** @type {Pixels} */ (pixels);
  const began = performance.now();
  const unit = gradient.firstClass + target;
  const { gradient: slope } = await gradient.run(normalise(seen.data, engine.rule), { [unit]: 1 }, silent);
  const area = engine.rule.size ** 2;
  const strength = Float32Array.from({ length: area }, (_, i) =>
    Math.max(...engine.rule.std.map((std, c) => Math.abs(slope[c * area + i]) / std)),
  );
  const order = [...strength.keys()].sort((a, b) => strength[b] - strength[a]);
  const full = strength[order[Math.round((1 - FULL) * area)]] || 1;
  const map = new Uint8ClampedArray(4 * area);
  strength.forEach((value, i) => {
    map.fill(255 - (255 * value) / full, 4 * i, 4 * i + 3);
    map[4 * i + 3] = 255;
  });
  // Of the strongest tenth of the pixels, how many lie in the middle quarter of the picture.
  const strongest = order.slice(0, area / 10);
  const { size } = engine.rule;
  const inner = (/** @type {number} */ k) => k >= size / 4 && k < (3 * size) / 4;
  const middle = strongest.filter((i) => inner(i % size) && inner(Math.floor(i / size)));
  return {
    seen: four(seen),
    map,
    across: size,
    middle: middle.length / strongest.length,
    distance: gradient.distance,
    milliseconds: performance.now() - began,
  };
}

/** Step by step towards another name: each channel of each pixel by at most one level a step, in
 * the direction of its slope. Tells each step.
 * @param {Work} work @param {{files: Files, target: number, silent: number, steps: number,
 *   pause: number}} ask */
async function fool({ engine, pixels, temperature, stopped, tell }, { files, target, silent, steps, pause }) {
  const gradient = await gradientOf(engine, files);
  const { data, width, height } = /** @type {Pixels} */ (pixels);
  const now = Uint8ClampedArray.from(data);
  const area = width * height;
  const run = (/** @type {import("./gradient.js").Direction} */ way) =>
    gradient.run(normalise(now, engine.rule), way, silent);
  const shareOf = (/** @type {Float32Array} */ answers) => shares(gradient.logits(answers), temperature);
  const first = shareOf((await run({})).answers);
  const was = first.indexOf(Math.max(...first));
  if (was === target) return { was };
  const way = { [gradient.firstClass + target]: 1, [gradient.firstClass + was]: -1 };
  for (let step = 0; ; step += 1) {
    const { answers, gradient: slope } = await run(way);
    const share = shareOf(answers);
    const seen = share.indexOf(Math.max(...share));
    const changed = four({ data: now, width, height });
    const state = { step, was, seen, share: share[seen], wanted: share[target], left: share[was], changed, ...difference(data, now) };
    tell(state);
    if (step === steps || stopped()) return state;
    for (let i = 0; i < area; i += 1) {
      for (let c = 0; c < 3; c += 1) {
        const channel = engine.rule.channels === "BGR" ? 2 - c : c;
        now[3 * i + channel] += Math.sign(slope[c * area + i]);
      }
    }
    await new Promise((done) => setTimeout(done, pause)); // lets a "stop" in
  }
}

/** What was added to a picture, grey for nothing, amplified so that the largest change is full.
 * @param {ArrayLike<number>} from @param {ArrayLike<number>} to three channels a pixel */
function difference(from, to) {
  let most = 0;
  for (let i = 0; i < from.length; i += 1) most = Math.max(most, Math.abs(to[i] - from[i]));
  const times = most ? 127 / most : 1;
  const picture = new Uint8ClampedArray((from.length / 3) * 4).fill(255);
  for (let i = 0; i < from.length; i += 1) {
    picture[Math.floor(i / 3) * 4 + (i % 3)] = 128 + times * (to[i] - from[i]);
  }
  return { added: picture, most, times };
}

export const WAYS = { why, fool, grow };
