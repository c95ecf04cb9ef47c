/** Lets a picture grow for a unit or a class of the loaded network: the worker's part. */

import { four, encode } from "./decode.js";
import { gradientOf } from "./gradient.js";
import { Portrait } from "./portrait.js";

/** @typedef {import("./gradient.js").Gradient} Gradient */
/** @typedef {{layer: string, unit: number, seed: number}} Wish */

/** The square that a unit in the middle sees, and where it begins; else the whole picture. It is
 * what `field` in the atlas's data says. @type {Record<string, [number, number]>} */
const SEES = { conv1: [11, 26], conv2: [31, 16], conv3: [55, 4] };
const FRAME = 400; // ms between pictures that are told
const SAVED = 512; // pixels, about, of the picture to keep

/** @type {{key: string, portrait: Portrait}|undefined} what grows */
let growing;

/** What is asked for: of a class, its score less the mean of all. @param {Gradient} gradient
 * @param {Wish} wish @returns {import("./gradient.js").Direction} */
function direction(gradient, { layer, unit }) {
  const at = gradient.at(layer, unit);
  if (at < gradient.firstClass) return { [at]: 1 };
  const classes = gradient.units - gradient.firstClass;
  const way = Object.fromEntries(Array.from({ length: classes }, (_, k) => [gradient.firstClass + k, -1 / classes]));
  way[at] += 1;
  return way;
}

/** Grow, or go on, until enough steps are done or a "stop" comes; tells pictures on the way.
 * @param {import("./backward.js").Work} work
 * @param {Wish & {files: import("./gradient.js").Files, steps: number, go: boolean}} ask */
export async function grow({ engine, stopped, tell }, ask) {
  const gradient = await gradientOf(engine, ask.files);
  const { rule } = engine;
  const [sees, begin] = SEES[ask.layer] ?? [rule.size, 0];
  const key = [ask.layer, ask.unit, ask.seed].join();
  if (!ask.go || growing?.key !== key) {
    growing = { key, portrait: new Portrait(sees, gradient.reference.colours, ask.seed) };
  }
  const { portrait } = growing;
  const way = direction(gradient, ask);
  const area = rule.size ** 2;
  const place = (/** @type {number} */ i) => (begin + Math.floor(i / sees)) * rule.size + begin + (i % sees);
  /** The answer to a square, and the slope there. @param {Float32Array} shown */
  const asked = async (shown) => {
    const image = new Float32Array(3 * area); // around the square the colour is the mean: nothing
    for (let c = 0; c < 3; c += 1) {
      for (let i = 0; i < sees * sees; i += 1) {
        image[c * area + place(i)] = (shown[c * sees * sees + i] - rule.mean[c]) / rule.std[c];
      }
    }
    const run = await gradient.run(image, way);
    const answer = Object.entries(way).reduce((sum, [k, part]) => sum + part * run.answers[Number(k)], 0);
    const slope = Float32Array.from(shown, (_, i) => {
      const c = Math.floor(i / (sees * sees));
      return run.gradient[c * area + place(i % (sees * sees))] / rule.std[c];
    });
    return { answer, slope };
  };
  let told = performance.now();
  const times = Math.max(2, Math.round(128 / sees));
  /** @param {number} resolution */
  const picture = (resolution) => {
    const pixels = portrait.view(resolution);
    return { four: four(pixels), side: pixels.width };
  };
  tell({ steps: portrait.steps, ...picture(times) });
  while (portrait.steps < ask.steps && !stopped()) {
    let answer = 0;
    await portrait.step(async (shown) => {
      const found = await asked(shown);
      answer = found.answer;
      return found.slope;
    });
    if (performance.now() - told > FRAME || portrait.steps === ask.steps) {
      tell({ steps: portrait.steps, answer, ...picture(times) });
      told = performance.now();
    }
    await new Promise((done) => setTimeout(done)); // lets a "stop" in
  }
  // As a file has it, in whole levels, neither shifted nor turned.
  const { data } = portrait.view(1);
  const plain = Float32Array.from({ length: 3 * sees * sees }, (_, i) => {
    const c = Math.floor(i / (sees * sees));
    return data[3 * (i % (sees * sees)) + c] / 255;
  });
  const { answer } = await asked(plain);
  const file = await encode(portrait.view(Math.max(1, Math.round(SAVED / sees))), "image/png");
  return { steps: portrait.steps, done: portrait.steps >= ask.steps, answer, file, ...picture(times) };
}
