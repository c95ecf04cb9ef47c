/**
 * A look inside: the maps of one stage, or the first filters, as tiles that are buttons. One tile
 * is enlarged, laid over the picture, and shown with its portrait; a second picture can be kept
 * beside it. Loaded when a layer is first opened.
 */

import { store } from "./store.js";
import { mostDifferent } from "./maps.js";
import { button, byId, made, root } from "./page.js";
import { glow } from "./photo.js";
import { toMessage } from "./errors.js";

/** @typedef {{url: string, picture: Blob, strongest: {value: number, at: number}[], side: number, across: number,
 *   layer: string}} Looked */

/** Of each layer, its sheets of portraits: the first unit, how many, the file.
 * @type {{weights: string, layers: Record<string, [number, number, string][]>}} */
const portraits = JSON.parse(byId("live-portrait").dataset.sheets);
const PORTRAITS_ACROSS = 8;
const SOON = 6; // maps that are named as the most different
const STRONGEST = 40; // of a full layer's numbers, that are tiles

/** @type {Looked|undefined} */
let now;
/** @type {Looked|undefined} */
let kept;
let large = 0;
/** The map that was pressed; the pointer shows others while it is over them. */
let pressed = 0;

/** Show the chosen stage, if one is chosen, for what the network sees now. */
export async function look() {
  const { layer } = store.view;
  const box = byId("live-maps");
  byId("live-keep").hidden = !layer || layer === "filters";
  const secret = layer === "fc8" && store.top.length === 0; // until the reader has guessed
  if (!layer || secret || ![...store.offers.looks, "fc8"].includes(layer)) {
    closeLook();
    return;
  }
  let result;
  try {
    const { change, silent } = store.view;
    result = await store.worker.request("look", { layer, change, silent });
  } catch (error) {
    const { kind, message } = toMessage(error);
    if (kind !== "ended") box.replaceChildren(made("p", message));
    return;
  }
  if (layer !== store.view.layer) return; // another was chosen meanwhile
  const fresh = now?.layer !== layer;
  if (now && now !== kept) URL.revokeObjectURL(now.url);
  now = { ...result, url: URL.createObjectURL(result.picture), layer };
  if (fresh) {
    if (kept?.layer !== layer) drop();
    large = pressed = 0;
  }
  if (fresh || result.side === 1) tiles(/** @type {Looked} */ (now));
  show();
}

/** Nothing is looked at any more, and its pictures are given back. */
export function closeLook() {
  drop();
  if (now) URL.revokeObjectURL(now.url);
  now = undefined;
  byId("live-maps").replaceChildren();
  byId("live-large").hidden = true;
}

function drop() {
  if (kept && kept !== now) URL.revokeObjectURL(kept.url);
  kept = undefined;
}

/** Keep this picture's maps, so that another's can stand beside them. */
function keep() {
  drop();
  kept = now;
  show();
  byId("live-large-words").focus();
}

/** Half of the maps belong to each tower; of a full layer's numbers the largest are shown.
 * @param {Looked} looked @returns {{words: string, maps: number[]}[]} */
function groups({ strongest, side, layer }) {
  const all = [...strongest.keys()];
  if (side === 1) {
    const maps = all.sort((a, b) => strongest[b].value - strongest[a].value).slice(0, STRONGEST);
    const what = layer === "fc8" ? "likeliest names" : "largest numbers";
    return [{ words: `The ${maps.length} ${what} of ${strongest.length}`, maps }];
  }
  const what = layer === "filters" ? "filters" : "maps";
  if (!store.offers.towers) return [{ words: `${all.length} ${what}`, maps: all }];
  const half = all.length / 2;
  return [1, 2].map((tower) => ({
    words: `Tower ${tower}: ${half} ${what}`,
    maps: all.slice((tower - 1) * half, tower * half),
  }));
}

/** The buttons, once for each stage. @param {Looked} looked */
function tiles(looked) {
  const shown = groups(looked);
  if (looked.side === 1) [large] = [pressed] = shown[0].maps;
  byId("live-maps").replaceChildren(
    ...shown.flatMap(({ words, maps }) => {
      const grid = made("div", "", "live-grid");
      grid.setAttribute("role", "group");
      grid.setAttribute("aria-label", `${words}. The arrow keys move from one to the next.`);
      for (const i of maps) {
        const tile = button("", () => enlarge((pressed = i)));
        // Not "pointerenter": that also comes where the page moves below a mouse at rest.
        tile.addEventListener("pointermove", (event) => event.pointerType === "mouse" && i !== large && enlarge(i));
        tile.className = "live-tile";
        tile.dataset.map = String(i);
        tile.tabIndex = i === large ? 0 : -1;
        grid.append(tile);
      }
      return [made("h3", words), grid];
    }),
  );
}

/** Show one tile of a sheet. @param {HTMLElement} node
 * @param {{url: string, across: number, strongest: {length: number}}} sheet @param {number} map */
function cut(node, { url, across, strongest }, map) {
  const down = Math.ceil(strongest.length / across);
  node.style.backgroundImage = `url(${url})`;
  node.style.backgroundSize = `${100 * across}% ${100 * down}%`;
  const x = ((map % across) / (across - 1)) * 100;
  const y = down > 1 ? (Math.floor(map / across) / (down - 1)) * 100 : 0;
  node.style.backgroundPosition = `${x}% ${y}%`;
}

/** @param {Looked} looked @param {number} map */
function words({ layer, strongest, side }, map) {
  if (layer === "filters") return `Filter ${map + 1}`;
  const { value, at } = strongest[map];
  if (layer === "fc8") return `${store.card?.labels[map].name}: ${(100 * value).toFixed(1)}%`;
  if (side === 1) return `Number ${map + 1}: ${value.toFixed(1)}`;
  if (!(value > 0)) return `Map ${map + 1}: silent`;
  const part = (/** @type {number} */ k, /** @type {string[]} */ names) =>
    names[Math.min(2, Math.floor((3 * k) / side))];
  const down = part(Math.floor(at / side), ["top", "middle", "bottom"]);
  const across = part(at % side, ["left", "middle", "right"]);
  const where = down === "middle" && across === "middle" ? "in the middle" : `${down} ${across}`;
  return `Map ${map + 1}: strongest ${where}, ${value.toFixed(1)}`;
}

/** Bring tiles, the enlarged map and the comparison to what is known now. */
function show() {
  const looked = /** @type {Looked} */ (now);
  for (const tile of byId("live-maps").querySelectorAll(".live-tile")) {
    const map = Number(tile.dataset.map);
    cut(tile, looked, map);
    tile.setAttribute("aria-label", words(looked, map));
  }
  compare(looked);
  enlarge(large);
}

/** @param {Looked} looked */
function compare(looked) {
  const box = byId("live-differ");
  box.replaceChildren();
  if (!kept || kept === looked) return;
  const most = mostDifferent(looked.strongest, kept.strongest, SOON);
  box.append(
    made("span", looked.side === 1 ? "They differ most in number" : "They differ most in map"),
    ...most.map((map) => button(String(map + 1), () => enlarge((pressed = map)))),
  );
}

/** A map, enlarged; of a full layer all its numbers. @param {HTMLElement} node @param {Looked} looked
 * @param {number} map */
function big(node, looked, map) {
  cut(node, looked, map);
  node.setAttribute("aria-label", `${words(looked, map)}, enlarged`);
  if (looked.side !== 1) return;
  node.style.backgroundSize = "100% 100%";
  node.style.backgroundPosition = "0 0";
  node.setAttribute("aria-label", `All ${looked.strongest.length} numbers of the layer`);
}

/** @param {number} map */
function enlarge(map) {
  const looked = /** @type {Looked} */ (now);
  large = map;
  for (const tile of byId("live-maps").querySelectorAll(".live-tile")) {
    const own = Number(tile.dataset.map) === map;
    tile.setAttribute("aria-pressed", String(own));
    tile.tabIndex = own ? 0 : -1;
  }
  const [left, right] = byId("live-large").querySelectorAll("div[role=img]");
  big(left, looked, map);
  right.parentElement.hidden = !kept || kept === looked;
  let text = words(looked, map);
  if (kept && kept !== looked) {
    big(right, kept, map);
    text = `Left, this picture. ${text}. Right, the kept one. ${words(kept, map)}.`;
  } else if (kept) text = `${text}. Kept: now choose a second picture.`;
  byId("live-large-words").textContent = text;
  showWhere(looked, map);
  showPortrait(looked.layer, map);
  byId("live-large").hidden = false;
}

/** Lay a map over the picture: where it answers. @param {Looked} looked @param {number} map */
async function showWhere({ layer, picture, side, across }, map) {
  const canvas = /** @type {HTMLCanvasElement} */ (byId("live-where"));
  /** @type {HTMLElement} */ (canvas.parentElement).hidden = layer === "filters" || side === 1;
  if (layer === "filters" || side === 1) return;
  const tile = await createImageBitmap(picture, (map % across) * side, Math.floor(map / across) * side, side, side);
  const small = document.createElement("canvas");
  small.width = small.height = side;
  const pen = small.getContext("2d", { willReadFrequently: true });
  const large = canvas.getContext("2d");
  if (!pen || !large) return;
  pen.drawImage(tile, 0, 0);
  tile.close();
  const { data } = pen.getImageData(0, 0, side, side);
  pen.putImageData(glow(side, (at) => data[at * 4] / 255), 0, 0);
  large.drawImage(byId("live-seen"), 0, 0, canvas.width, canvas.height);
  large.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** The picture that moves a map most, where one was grown for this network; it leads to the atlas.
 * @param {string} layer @param {number} map */
function showPortrait(layer, map) {
  const link = /** @type {HTMLAnchorElement} */ (byId("live-portrait"));
  const sheets = store.card?.weights.sha256 === portraits.weights ? (portraits.layers[layer] ?? []) : [];
  const sheet = sheets.find(([first, count]) => map >= first && map < first + count);
  /** @type {HTMLElement} */ (link.parentElement).hidden = !sheet;
  if (!sheet) return;
  const [first, count, file] = sheet;
  const url = new URL(`assets/portraits/${file}`, root).href;
  cut(link, { url, across: PORTRAITS_ACROSS, strongest: { length: count } }, map - first);
  link.href = new URL(`network/atlas/#${layer}-${map}`, root).href;
  link.setAttribute("aria-label", `The portrait of ${layer}, unit ${map}: more in the atlas`);
}

/** The pointer has left the maps: the one that was pressed is shown. */
function leave() {
  if (now && large !== pressed) enlarge(pressed);
}

/** Arrow keys, Home and End move the focus; the tiles are one stop of the Tab key.
 * @param {KeyboardEvent} event */
function move(event) {
  const all = /** @type {HTMLButtonElement[]} */ ([
    ...byId("live-maps").querySelectorAll(".live-tile"),
  ]);
  const at = all.indexOf(/** @type {HTMLButtonElement} */ (event.target));
  if (at < 0) return;
  const row = all.findIndex((tile) => tile.offsetTop > all[0].offsetTop);
  const across = row > 0 ? row : all.length;
  const to = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + across,
    ArrowUp: at - across,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tile = all[to];
  if (!tile) return;
  all[at].tabIndex = -1;
  tile.tabIndex = 0;
  tile.focus();
}

byId("live-keep").addEventListener("click", keep);
byId("live-maps").addEventListener("keydown", move);
byId("live-maps").addEventListener("pointerleave", leave);
