/**
 * Shows the network's layers one at a time and another sample picture; the choice is kept in the
 * address. The page is whole without it: then the drawing's links lead to the cards below.
 */

/** An element by its id. @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const root = byId("layers");
const form = /** @type {HTMLFormElement} */ (root.querySelector("form"));
const cards = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".layer")]);
const links = /** @type {SVGAElement[]} */ ([...root.querySelectorAll(".layers__map a")]);
const radios = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[name=picture]")]);
const images = /** @type {HTMLImageElement[]} */ ([...root.querySelectorAll("img[data-shows]")]);
const answers = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-answer]")]);
const silent = JSON.parse(root.dataset.silent ?? "{}");
const back = /** @type {HTMLButtonElement} */ (byId("layer-back"));
const next = /** @type {HTMLButtonElement} */ (byId("layer-next"));
const all = /** @type {HTMLButtonElement} */ (byId("layer-all"));
const names = cards.map((card) => card.id);
const pictures = radios.map((radio) => radio.value);

const FIRST = 1; // conv1: the picture itself comes before it

/** What the address says; what it does not know is dropped. */
function read() {
  const parameters = new URLSearchParams(location.search);
  const picture = parameters.get("picture") ?? "";
  const at = names.indexOf(location.hash.slice(1));
  return {
    at: at < 0 ? FIRST : at,
    picture: pictures.includes(picture) ? picture : pictures[0],
    all: parameters.get("all") === "1",
  };
}

let view = read();

/** Bring the cards, the pictures and the address to the view. */
function show() {
  for (const [i, card] of cards.entries()) card.hidden = !view.all && i !== view.at;
  for (const link of links) {
    const here = link.getAttribute("href") === `#${names[view.at]}`;
    if (here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  back.disabled = view.all || view.at === 0;
  next.disabled = view.all || view.at === cards.length - 1;
  all.setAttribute("aria-pressed", String(view.all));
  for (const radio of radios) radio.checked = radio.value === view.picture;
  for (const image of images) swap(image);
  for (const answer of answers) answer.hidden = answer.dataset.answer !== view.picture;
  byId("layer-status").textContent = view.all
    ? `All ${cards.length} layers`
    : `${view.at + 1} of ${cards.length}: ${names[view.at]}`;
  const parameters = new URLSearchParams();
  if (view.picture !== pictures[0]) parameters.set("picture", view.picture);
  if (view.all) parameters.set("all", "1");
  const search = parameters.size > 0 ? `?${parameters}` : "";
  const quiet = view.at === FIRST && !names.includes(location.hash.slice(1));
  const hash = view.all || quiet ? location.hash : `#${names[view.at]}`;
  history.replaceState(null, "", `${location.pathname}${search}${hash}`);
}

/** The same stage of the chosen picture. @param {HTMLImageElement} image */
function swap(image) {
  const shows = image.dataset.shows ?? "";
  const file = shows === "picture" ? view.picture : `${view.picture}-${shows}`;
  const address = image.getAttribute("src") ?? "";
  const wanted = address.replace(/[^/]*$/, `${file}.webp`);
  if (wanted !== address) {
    image.setAttribute("src", wanted);
    image.alt = image.alt.replace(/“.*?”/, `“${view.picture}”`);
  }
  const words = image.parentElement?.querySelector(".layer__silent");
  if (words) words.textContent = silent[view.picture][shows];
}

/** Show a layer and put the reader there. @param {number} at @param {boolean} [focus] */
function go(at, focus = false) {
  view = { ...view, at, all: false };
  show();
  if (focus) {
    cards[at].focus({ preventScroll: true });
    cards[at].scrollIntoView({ block: "nearest" });
  }
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    go(names.indexOf((link.getAttribute("href") ?? "").slice(1)), true);
  });
}
back.addEventListener("click", () => go(view.at - 1));
next.addEventListener("click", () => go(view.at + 1));
all.addEventListener("click", () => {
  view = { ...view, all: !view.all };
  show();
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", () => {
  const chosen = radios.find((radio) => radio.checked);
  view = { ...view, picture: chosen?.value ?? pictures[0] };
  show();
});
window.addEventListener("hashchange", () => {
  const at = names.indexOf(location.hash.slice(1));
  if (at >= 0) go(at, true);
});

root.classList.add("layers--live");
show();
document.documentElement.classList.remove("sent");

export {};
