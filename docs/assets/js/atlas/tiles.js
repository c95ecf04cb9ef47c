/** Where each portrait lies on the sheets of the page, and how one is shown alone. */

const ACROSS = 8;

/** @typedef {{layer: string, first: number, count: number, step: number, lines: number,
 *   src: string, figure: HTMLElement}} Sheet */

/** The sheets of a page. @param {HTMLElement} root @returns {Sheet[]} */
export function sheetsOf(root) {
  return [...root.querySelectorAll(".atlas__sheet")].map((node) => {
    const figure = /** @type {HTMLElement} */ (node);
    const [first, last, count] = (figure.dataset.units ?? "").split(" ").map(Number);
    const image = /** @type {HTMLImageElement} */ (figure.querySelector("img"));
    const step = count > 1 ? (last - first) / (count - 1) : 1;
    const layer = figure.dataset.layer ?? "";
    return { layer, first, count, step, lines: Math.ceil(count / ACROSS), src: image.src, figure };
  });
}

/** The sheet of a unit and its place there; none of a unit without a portrait.
 * @param {Sheet[]} sheets @param {string} layer @param {number} unit */
export function placeOf(sheets, layer, unit) {
  for (const sheet of sheets) {
    const at = (unit - sheet.first) / sheet.step;
    if (sheet.layer === layer && Number.isInteger(at) && at >= 0 && at < sheet.count) {
      return { sheet, at };
    }
  }
  return undefined;
}

/** Give a box the portrait of a unit. @param {HTMLElement} box
 * @param {{sheet: Sheet, at: number}} place */
export function paint(box, { sheet, at }) {
  box.classList.add("tile");
  box.style.setProperty("--sheet", `url("${sheet.src}")`);
  box.style.setProperty("--across", String((at % ACROSS) / (ACROSS - 1)));
  box.style.setProperty("--down", String(Math.floor(at / ACROSS) / Math.max(sheet.lines - 1, 1)));
  box.style.setProperty("--lines", String(sheet.lines));
}

/** An element with words in it. @param {string} tag @param {string} [words] @param {string} [name] of its class */
export function made(tag, words = "", name = "") {
  const node = document.createElement(tag);
  if (words) node.textContent = words;
  if (name) node.className = name;
  return node;
}

/** Kinds of things that people search for, with the names of that kind that do not say so. */
export const KINDS = Object.entries({
  ape: "chimpanzee, orangutan",
  bird: "albatross, king penguin, goose, black stork",
  boat: "gondola, lifeboat",
  building: "barn, butcher shop, barbershop, water tower, cliff dwelling, beacon, triumphal arch",
  bus: "trolleybus",
  butterfly: "monarch",
  car: "limousine, convertible, beach wagon, police van, moving van, go-kart",
  cat: "tabby, cougar, lion",
  clothes:
    "sock, cardigan, fur coat, academic gown, miniskirt, sombrero, vestment, swimming trunks, bikini, " +
    "bow tie, apron, military uniform, kimono, poncho, Christmas stocking",
  dog: "German shepherd, Labrador retriever, golden retriever, Yorkshire terrier, Chihuahua, standard poodle",
  fish: "goldfish",
  food: "pizza, potpie, ice cream, pretzel, guacamole, ice lolly, mashed potato, meat loaf, espresso",
  frog: "bullfrog",
  fruit: "lemon, banana, orange, pomegranate",
  furniture: "rocking chair, dining table, desk, chest",
  insect:
    "monarch, sulphur butterfly, cockroach, mantis, ladybug, bee, dragonfly, fly, grasshopper, walking stick",
  monkey: "baboon",
  shoe: "sandal",
  snake: "boa constrictor",
  spider: "tarantula, black widow",
  train: "freight car",
}).map(([kind, names]) => ({ kind, names: names.split(", ") }));

/** Whether a name, with the kinds that it is of, holds all words of a query, each at the start of
 * a word. @param {string} name @param {string} query */
export function matches(name, query) {
  const kinds = KINDS.filter(({ names }) => names.includes(name)).map(({ kind }) => kind);
  const own = [...name.toLowerCase().split(/[^a-z0-9]+/), ...kinds];
  const asked = query.toLowerCase().split(/[^a-z0-9]+/).filter(Boolean);
  return asked.length > 0 && asked.every((word) => own.some((one) => one.startsWith(word)));
}
