/**
 * The atlas: opens one unit or class at a time, from the sheets, from the address or from a search.
 * The page is whole without it: then the sheets and their words are there.
 */

import { made, matches, paint, placeOf, sheetsOf } from "./tiles.js";

/** @typedef {[number, number][]} Links */
/** @typedef {{units: number[], samples: string[], answer: number[], best_sample: number[],
 *   best_photograph: number[], reads: Links[], read_by?: Links[], silent?: number[],
 *   classes?: number[][], moved_by?: number[][][], field?: number[]|null, count?: number[],
 *   top1?: number[], top5?: number[], taken_for?: Links[], mistaken?: Links[]}} Table */

const ORDER = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "classes"];
const SEARCHED = ["conv3", "conv4", "conv5", "fc6", "fc7"];
const SIZE = 64; // pixels that the network sees
const MOST = 48; // results shown

/** An element by its id. @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} name */
const slug = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

const root = byId("atlas");
const panel = byId("atlas-panel");
const results = byId("atlas-results");
const find = /** @type {HTMLInputElement} */ (byId("atlas-find"));
const sheets = sheetsOf(root);
const folder = new URL(`${root.dataset.root}assets/`, location.href).href;
const files = new Map((root.dataset.samples ?? "").split(" ").map((pair) => /** @type {[string, string]} */ (pair.split(":"))));
const names = [...root.querySelectorAll(".atlas__names a")].map((link) => link.textContent ?? "");

/** @type {Map<string, Promise<Table>>} */
const tables = new Map();

/** What was measured of a layer. @param {string} layer @returns {Promise<Table>} */
function tableOf(layer) {
  const known = tables.get(layer);
  if (known) return known;
  const asked = fetch(`${folder}portraits/${layer}.json`).then((answer) => answer.json());
  tables.set(layer, asked);
  asked.catch(() => tables.delete(layer)); // asked again next time
  return asked;
}

/** @param {string} layer @param {number} unit */
const address = (layer, unit) => (layer === "classes" ? `#class-${slug(names[unit])}` : `#${layer}-${unit}`);
/** @param {string} layer @param {number} unit */
const title = (layer, unit) => (layer === "classes" ? names[unit] : `${layer}, unit ${unit}`);

/** The unit that an address names. @param {string} hash */
function named(hash) {
  const unit = /^#(conv[1-5]|fc[67])-(\d{1,4})$/.exec(hash);
  if (unit) return { layer: unit[1], unit: Number(unit[2]) };
  const wanted = /^#class-(.+)$/.exec(hash)?.[1];
  const at = names.findIndex((name) => slug(name) === wanted);
  return at < 0 ? undefined : { layer: "classes", unit: at };
}

/** A portrait that leads to its unit. @param {string} layer @param {number} unit @param {string} [more] */
function portrait(layer, unit, more = "") {
  const link = /** @type {HTMLAnchorElement} */ (made("a"));
  link.href = address(layer, unit);
  link.setAttribute("aria-label", `${title(layer, unit)}${more && `, ${more}`}`);
  link.title = link.getAttribute("aria-label") ?? "";
  const place = placeOf(sheets, layer, unit);
  if (place) paint(link, place);
  return link;
}

/** @param {string} heading @param {HTMLElement[]} items @param {string} [name] */
function row(heading, items, name = "atlas__grid") {
  const box = made("div", "", name);
  box.append(...items);
  return [made("h4", heading), box];
}

/** A sample photograph with a frame round what moves the unit most.
 * @param {Table} table @param {number[]} moved number, row, column, value */
function sample(table, [number, down, across, value]) {
  const name = table.samples[number];
  const figure = made("figure", "", "atlas__sample");
  const image = /** @type {HTMLImageElement} */ (made("img"));
  image.src = `${folder}samples/${files.get(name)}`;
  image.alt = name;
  image.loading = "lazy";
  const box = made("span", "", "atlas__frame");
  if (table.field) {
    const [field, stride, offset] = table.field;
    const from = (/** @type {number} */ at) => Math.max(0, at * stride + offset) / SIZE;
    const to = (/** @type {number} */ at) => Math.min(SIZE, at * stride + offset + field) / SIZE;
    box.style.left = `${100 * from(across)}%`;
    box.style.top = `${100 * from(down)}%`;
    box.style.width = `${100 * (to(across) - from(across))}%`;
    box.style.height = `${100 * (to(down) - from(down))}%`;
  }
  const frame = made("span", "", "atlas__photo");
  frame.append(image, box);
  figure.append(frame, made("figcaption", value > 0 ? `${name}, ${value.toFixed(1)}` : `${name}, silent`));
  return figure;
}

/** The ties to units that have a portrait here. @param {string} layer @param {Links} links */
const linked = (layer, links) =>
  links.filter(([unit]) => placeOf(sheets, layer, unit)).map(([unit, share]) => {
    const node = portrait(layer, unit, `${share > 0 ? "excites" : "damps"}, ${Math.abs(share / 10).toFixed(1)}% of the weights`);
    const sign = made("span", share > 0 ? "+" : "−", share > 0 ? "atlas__sign" : "atlas__sign atlas__sign--damps");
    sign.setAttribute("aria-hidden", "true");
    node.append(sign);
    return node;
  });

/** Classes with how often, as portraits and in words. @param {string} heading @param {Links} links */
const counted = (heading, links) => [
  ...row(heading, links.map(([k, times]) => portrait("classes", k, `${times} times`))),
  made("p", `${links.map(([k, times]) => `${names[k]} (${times})`).join(", ")}.`, "atlas__small"),
];

/** What is known of one unit, as sentences. @param {string} layer @param {number} at @param {Table} table */
function sentences(layer, at, table) {
  const ratio = table.answer[at] / Math.max(table.best_sample[at], 1e-9);
  const told = [];
  if (layer === "classes" && table.top1 && table.top5 && table.count) {
    told.push(`Of ${table.count[at]} pictures of it, ${table.top1[at]} are named rightly at once and ${table.top5[at]} within five guesses.`);
  } else {
    if (layer.startsWith("conv")) told.push(at < table.units.length / 2 ? "In the first tower." : "In the second tower.");
    if (table.silent) told.push(`Silent in ${(100 * table.silent[at]).toFixed(0)}% of all places of 10,000 pictures.`);
  }
  const beats = table.answer[at] > table.best_photograph[at] ? "all 10,000 test pictures" : "every sample picture";
  told.push(
    table.best_sample[at] > 0
      ? `The portrait beats ${beats}: it moves this ${ratio.toFixed(1)} times as much as the best sample.`
      : `The portrait beats ${beats}; no sample wakes it.`,
  );
  return told.join(" ");
}

/** @type {string|undefined} what the panel shows */
let shown;

/** Open a unit. @param {string} layer @param {number} unit */
async function open(layer, unit) {
  const here = address(layer, unit);
  shown = here;
  for (const link of root.querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
  for (const link of root.querySelectorAll(`.atlas__tiles a[href="${CSS.escape(here).replace("\\#", "#")}"]`)) link.setAttribute("aria-current", "true");
  let table;
  try {
    table = await tableOf(layer);
  } catch {
    panel.replaceChildren(made("p", "What was measured could not be fetched. Are you offline?"));
    panel.hidden = false;
    return;
  }
  if (shown !== here) return; // another was chosen meanwhile
  const at = table.units.indexOf(unit);
  const place = placeOf(sheets, layer, unit);
  if (at < 0 || !place) return;
  const heading = made("h3", title(layer, unit));
  heading.id = "atlas-title";
  heading.tabIndex = -1;
  const close = made("button", "Close", "atlas__close");
  close.addEventListener("click", shut);
  const big = made("div", "", "atlas__big");
  big.setAttribute("role", "img");
  big.setAttribute("aria-label", `The portrait of ${title(layer, unit)}`);
  paint(big, place);
  const step = (/** @type {number} */ by, /** @type {string} */ words) => {
    const other = table.units[(at + by + table.units.length) % table.units.length];
    const link = /** @type {HTMLAnchorElement} */ (made("a", words));
    link.href = address(layer, other);
    return link;
  };
  const ways = made("p", "", "atlas__ways");
  const grow = /** @type {HTMLAnchorElement} */ (made("a", "Grow it yourself"));
  grow.href = `../../grow/${here}`;
  ways.append(step(-1, "Before"), step(1, "Next"), grow);
  /** @type {HTMLElement[]} */
  const parts = [close, heading, big, ways, made("p", sentences(layer, at, table))];
  if (layer === "classes") {
    if (table.taken_for?.[at].length) parts.push(...counted("Taken for", table.taken_for[at]));
    if (table.mistaken?.[at].length) parts.push(...counted("Mistaken for it", table.mistaken[at]));
  }
  if (table.moved_by) parts.push(...row("Samples that move it most", table.moved_by[at].map((one) => sample(table, one)), "atlas__samples"));
  if (table.classes && layer !== "conv1" && layer !== "conv2") {
    parts.push(...row("Answers most to pictures of", table.classes[at].map((k) => portrait("classes", k))));
    parts.push(made("p", `${table.classes[at].map((k) => names[k]).join(", ")}.`, "atlas__small"));
  }
  const level = ORDER.indexOf(layer);
  const reads = linked(ORDER[level - 1], table.reads[at] ?? []);
  if (reads.length) parts.push(...row(`Reads most, of ${ORDER[level - 1]}`, reads));
  const readers = linked(ORDER[level + 1], table.read_by?.[at] ?? []);
  if (readers.length) parts.push(...row(`Read most by, in ${ORDER[level + 1]}`, readers));
  panel.replaceChildren(...parts);
  panel.hidden = false;
  panel.scrollTop = 0;
}

/** Close the panel. */
function shut() {
  const back = root.querySelector("[aria-current]");
  panel.hidden = true;
  shown = undefined;
  history.replaceState(null, "", location.pathname + location.search);
  if (back instanceof HTMLElement) {
    back.removeAttribute("aria-current");
    back.focus({ preventScroll: true });
  }
}

/** Put links on the portraits of a sheet; Tab reaches one of them, arrows the others.
 * @param {import("./tiles.js").Sheet} sheet */
function enliven(sheet) {
  const box = made("div", "", "atlas__tiles");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", sheet.figure.querySelector("figcaption")?.textContent ?? "");
  const links = Array.from({ length: sheet.count }, (_, i) => {
    const link = /** @type {HTMLAnchorElement} */ (made("a"));
    const unit = sheet.first + i * sheet.step;
    link.href = address(sheet.layer, unit);
    link.setAttribute("aria-label", title(sheet.layer, unit));
    link.title = title(sheet.layer, unit);
    link.tabIndex = i ? -1 : 0;
    if (link.hash === location.hash) link.setAttribute("aria-current", "true");
    return link;
  });
  box.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 }[event.key];
    const from = links.indexOf(/** @type {HTMLAnchorElement} */ (event.target));
    const to = links[from + (by ?? 0)];
    if (!by || !to) return;
    event.preventDefault();
    links[from].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });
  box.append(...links);
  const frame = made("div", "", "atlas__stack");
  const image = /** @type {HTMLElement} */ (sheet.figure.querySelector("img"));
  image.before(frame);
  image.setAttribute("alt", ""); // the links say it
  frame.append(image, box);
}

/** @type {Promise<Record<string, [string, number, number][]>>|undefined} */
let colours;

/** The portraits that are mostly of a colour, with how many percent; none where it is no colour, or
 * the list could not be fetched. @param {string} query */
async function coloured(query) {
  colours ??= fetch(`${folder}atlas/colours.json`).then((answer) => answer.json());
  const word = query.trim().toLowerCase().replace("gray", "grey");
  const found = await colours.catch(() => (colours = undefined));
  return (found && Object.hasOwn(found, word) ? found[word] : []).filter(([layer, unit]) => placeOf(sheets, layer, unit));
}

/** The units that answer most to classes whose name matches, and those of a colour. @param {string} query */
async function search(query) {
  const wanted = names.flatMap((name, k) => (matches(name, query) ? [k] : []));
  const said = byId("atlas-found");
  const colour = await coloured(query);
  if (find.value !== query) return;
  if (wanted.length === 0 && colour.length === 0) {
    results.hidden = true;
    said.textContent = query.trim() ? "None of the 200 names begins like that, and it is no colour. Try dog, frog, bus, bottle, fence or red." : "";
    return;
  }
  const layers = SEARCHED.filter((layer) => sheets.some((sheet) => sheet.layer === layer));
  const found = await Promise.all(layers.map(tableOf)).catch(() => undefined);
  if (!found) {
    said.textContent = "What was measured could not be fetched. Are you offline?";
    return;
  }
  if (find.value !== query) return;
  /** @type {{layer: string, unit: number, rank: number, why: string}[]} */
  const units = [];
  found.forEach((table, i) => {
    table.classes?.forEach((served, at) => {
      const hits = served.flatMap((k, rank) => (wanted.includes(k) ? [rank] : []));
      if (hits.length > 0) {
        const why = `for ${served.filter((k) => wanted.includes(k)).map((k) => names[k]).join(", ")}`;
        units.push({ layer: layers[i], unit: table.units[at], rank: hits[0] - hits.length - i, why });
      }
    });
  });
  units.sort((a, b) => a.rank - b.rank);
  const classes = sheets.some((sheet) => sheet.layer === "classes") ? wanted : [];
  results.replaceChildren(
    ...classes.slice(0, MOST).map((k) => portrait("classes", k)),
    ...units.slice(0, MOST).map(({ layer, unit, why }) => portrait(layer, unit, why)),
    ...colour.slice(0, MOST).map(([layer, unit, part]) => portrait(layer, unit, `${part}% of its portrait is ${query.trim().toLowerCase()}`)),
  );
  results.hidden = false;
  const shown = colour.length > MOST ? `; the ${MOST} with most of it are shown` : "";
  const tinted = colour.length ? `${colour.length} portraits are at least a quarter ${query.trim().toLowerCase()}${shown}.` : "";
  said.textContent = wanted.length === 0 ? tinted : `${tinted} `.trimStart() + `${wanted.length === 1 ? names[wanted[0]] : `${wanted.length} names`}, and ${units.length} ${units.length === 1 ? "unit that answers" : "units that answer"} most to them${units.length > MOST ? `; the first ${MOST} are shown` : ""}.`;
}

function follow() {
  const wanted = named(location.hash);
  if (wanted) open(wanted.layer, wanted.unit);
}

const watch = new IntersectionObserver(
  (seen) => {
    for (const { isIntersecting, target } of seen) {
      const sheet = sheets.find(({ figure }) => figure === target);
      if (!isIntersecting || !sheet) continue;
      watch.unobserve(target);
      enliven(sheet);
    }
  },
  { rootMargin: "600px" },
);
for (const { figure } of sheets) watch.observe(figure);
find.addEventListener("input", () => {
  if (!panel.hidden) {
    shut(); // on a phone it would lie over what is found
    find.focus({ preventScroll: true });
  }
  search(find.value);
});
find.form?.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", follow);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel.hidden) shut();
});
root.classList.add("atlas--live");
follow();
