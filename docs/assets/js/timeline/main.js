/**
 * Brings the timeline to life: filters, search, zoom, stepping, and the view in the address.
 * The page is whole without it. Everything it shows is copied from the page's own nodes or set
 * as text. What is not needed for the first look is made in pieces, so that a slow phone stays
 * free for its reader.
 */

import { Band } from "./band.js";
import { SCALE, decimalYear } from "./layout.js";
import { fill, tick } from "./people.js";
import { ZOOMS, everything, matches, plain, read, write } from "./state.js";

/** @typedef {import("./band.js").Marked & {people: string[], words: string, when: string,
 *   entry: HTMLElement}} Event `words` are worked out when a search first asks for them */

const START = "alexnet-wins";
const WORDS_AFTER = 180; // milliseconds without a key before a search runs
const IDLE_WITHIN = 300; // milliseconds that a part of the start may wait for idle time
const AT_ONCE = 8; // entries that one part of the start handles

/** An element by its id. @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const root = byId("tl");
const band = new Band(byId("tl-band"), SCALE);
const form = /** @type {HTMLFormElement} */ (byId("tl-controls"));
const search = /** @type {HTMLInputElement} */ (byId("tl-q"));
const people = byId("tl-people");
const era = /** @type {HTMLSelectElement} */ (byId("tl-era"));
const toggles = /** @type {HTMLButtonElement[]} */ ([...form.querySelectorAll("[data-theme]")]);
const reader = byId("tl-reader");
const lists = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".tl-list")]);
const status = byId("tl-status");

/** All events, in order of time. @type {Event[]} */
const events = collect();
const byName = new Map(events.map((event) => [event.id, event]));
const known = {
  themes: band.scale.themes,
  people: [...new Set(events.flatMap((event) => event.people))],
};

let view = read(location.search, known);
/** @type {Event[]} */
let shown = events;
let current = byName.get(START) ?? events[0];

/** @returns {Event[]} */
function collect() {
  const marks = new Map(
    [...root.querySelectorAll("svg a[href]")].map((mark) => [mark.getAttribute("href"), mark]),
  );
  return [...document.querySelectorAll(".tl-list > li")]
    .map((node) => {
      const entry = /** @type {HTMLElement} */ (node);
      const mark = /** @type {SVGAElement} */ (marks.get(`#${entry.id}`));
      const time = entry.querySelector("time");
      let words = "";
      return {
        id: entry.id,
        moment: decimalYear(time?.dateTime || (time?.textContent ?? "")),
        importance: Number(entry.dataset.i ?? 1),
        people: entry.dataset.p?.split("|") ?? [],
        theme: mark.closest("g")?.dataset.theme ?? "",
        title: entry.querySelector("h3")?.textContent ?? "",
        when: time?.textContent ?? "",
        get words() {
          return (words ||= plain(`${entry.textContent} ${entry.dataset.p ?? ""}`));
        },
        entry,
        mark,
      };
    })
    .sort((a, b) => a.moment - b.moment);
}

/** Let the browser lay out entries that it has passed over. @param {Event[]} some */
function takeUp(some) {
  for (const { entry } of some) entry.classList.add("tl-up");
}

/** Every date leads to its own event, so that the address can be copied. */
function linkDates() {
  for (const { entry, id } of events) {
    const time = entry.querySelector("time");
    if (!time) continue;
    const to = link("", `#${id}`);
    to.className = "tl-when";
    time.replaceWith(to);
    to.append(time);
  }
}

/** On paper a link says where it leads. */
function tellAddresses() {
  for (const node of document.querySelectorAll(".tl-paper a")) {
    const link = /** @type {HTMLAnchorElement} */ (node);
    link.dataset.address = link.href;
  }
}

/** The eras of the list, to jump to. */
function offerEras() {
  for (const heading of document.querySelectorAll("h2.tl-era")) {
    const title = heading.firstChild?.textContent ?? "";
    const years = heading.nextElementSibling?.querySelector("strong")?.textContent ?? "";
    const words = years ? `${years.replace(/\.$/, "")}: ${title}` : title;
    era.append(new Option(words, heading.id.replace("era-", "")));
  }
}

/** The event that the address names, if it names one. */
const named = () => byName.get(location.hash.slice(1));

/** The address of the present view. @param {string} [hash] */
const address = (hash = location.hash) => `${location.pathname}${write(view)}${hash}`;

/** Show what the view asks for, everywhere. */
function apply() {
  shown = events.filter((event) => matches(event, view));
  const ids = new Set(shown.map((event) => event.id));
  for (const { entry, id } of events) entry.hidden = !ids.has(id);
  for (const list of lists) {
    const heading = document.getElementById(`era-${list.dataset.era}`);
    const empty = !list.querySelector("li:not([hidden])");
    heading?.toggleAttribute("hidden", empty);
    heading?.nextElementSibling?.toggleAttribute("hidden", empty);
  }
  for (const button of toggles) {
    button.setAttribute("aria-pressed", String(view.themes.has(button.dataset.theme ?? "")));
  }
  if (search.value !== view.query) search.value = view.query;
  tick(people, view.people);
  band.redraw(events, ids, view.zoom);
  if (!ids.has(current.id) && shown.length > 0) current = nearest(current.moment);
  rove();
  tell();
  // Said again, the same words would be read out again.
  if (status.textContent !== count()) status.textContent = count();
}

/** How many events are shown, in words. */
const count = () =>
  shown.length === events.length
    ? `${events.length} events`
    : `${shown.length} of ${events.length} events`;

/** The shown event closest in time. @param {number} moment */
const nearest = (moment) =>
  shown.reduce((best, event) =>
    Math.abs(event.moment - moment) < Math.abs(best.moment - moment) ? event : best,
  );

/** One tab stop: the current event's mark. */
function rove() {
  const chosen = named() === current;
  for (const { id, mark, entry } of events) {
    const own = id === current.id;
    mark.setAttribute("tabindex", own ? "0" : "-1");
    if (own) mark.setAttribute("aria-current", "true");
    else mark.removeAttribute("aria-current");
    if (own && chosen) entry.setAttribute("aria-current", "true");
    else entry.removeAttribute("aria-current");
  }
}

/** Fill the reader with a copy of the current event's entry. */
function tell() {
  const body = /** @type {HTMLElement} */ (current.entry.querySelector("div")).cloneNode(true);
  const date = document.createElement("p");
  date.className = "tl-when";
  date.textContent = current.when;
  const steps = document.createElement("div");
  steps.className = "tl-steps";
  const at = shown.indexOf(current);
  steps.append(
    stepper("Earlier event", shown[at - 1]),
    stepper("Next event", shown[at + 1]),
    link("Show in the list", `#${current.id}`),
  );
  reader.className = `tl-reader tl-${current.theme}`;
  reader.replaceChildren(date, body, steps);
}

/** @param {string} words @param {Event|undefined} target */
function stepper(words, target) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words;
  button.disabled = !target;
  button.addEventListener("click", () => {
    if (!target) return;
    open(target);
    status.textContent = `${target.when}: ${target.title}`;
    const again = [...reader.querySelectorAll("button")].find((b) => b.textContent === words);
    /** @type {HTMLElement|null} */ (again && !again.disabled ? again : reader.querySelector("button:not(:disabled)"))?.focus();
  });
  return button;
}

/** @param {string} words @param {string} href */
function link(words, href) {
  const made = document.createElement("a");
  made.textContent = words;
  made.href = href;
  return made;
}

/** Make an event the current one. @param {Event} event
 * @param {"push"|"replace"|"none"} [how] what becomes of the address */
function open(event, how = "push") {
  current = event;
  if (how === "push") history.pushState(null, "", address(`#${event.id}`));
  if (how === "replace") history.replaceState(null, "", address(`#${event.id}`));
  band.reveal(event.moment);
  rove();
  tell();
}

/** Change the view, and the address with it. @param {Partial<typeof view>} change */
function change(change) {
  view = { ...view, ...change };
  history.replaceState(null, "", address());
  apply();
}

/** Follow the address: after loading, and after the back button. */
function follow() {
  view = read(location.search, known);
  const target = named();
  if (target) {
    current = target;
    if (!matches(target, view)) view = { ...everything(), zoom: view.zoom };
  }
  apply();
}

/** The event to step to with a key, if any. @param {string} key @returns {Event|undefined} */
function step(key) {
  const at = shown.indexOf(current);
  if (key === "ArrowRight") return shown[at + 1];
  if (key === "ArrowLeft") return shown[at - 1];
  if (key === "Home") return shown[0];
  if (key === "End") return shown[shown.length - 1];
  const lanes = band.scale.themes.filter((t) => shown.some((event) => event.theme === t));
  const lane = lanes[lanes.indexOf(current.theme) + (key === "ArrowDown" ? 1 : -1)];
  if (!lane || !["ArrowDown", "ArrowUp"].includes(key)) return undefined;
  const own = shown.filter((event) => event.theme === lane);
  return own.reduce((best, event) =>
    Math.abs(event.moment - current.moment) < Math.abs(best.moment - current.moment) ? event : best,
  );
}

band.svg.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = event.key === " " ? current : step(event.key);
  if (!target) return;
  event.preventDefault();
  open(target, event.key === " " ? "push" : "replace");
  target.mark.focus({ preventScroll: true });
});

band.svg.addEventListener("click", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const mark = /** @type {Element} */ (event.target).closest("a[href]");
  const target = byName.get(mark?.getAttribute("href")?.slice(1) ?? "");
  if (!target) return;
  event.preventDefault();
  open(target);
  target.mark.focus({ preventScroll: true });
  status.textContent = `${target.when}: ${target.title}`;
});

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", (event) => {
  event.preventDefault();
  era.value = "";
  change(everything());
});

for (const button of toggles) {
  button.addEventListener("click", () => {
    const themes = new Set(view.themes);
    const theme = button.dataset.theme ?? "";
    if (!themes.delete(theme)) themes.add(theme);
    change({ themes });
  });
}

let waiting = 0;
search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = window.setTimeout(() => change({ query: search.value }), WORDS_AFTER);
});
people.addEventListener("change", (event) => {
  const box = /** @type {HTMLInputElement} */ (event.target);
  const names = new Set(view.people);
  if (box.checked) names.add(box.value);
  else names.delete(box.value);
  change({ people: names });
});
era.addEventListener("change", () => {
  const list = lists.find((own) => own.dataset.era === era.value);
  const first = shown.find((event) => list?.contains(event.entry));
  if (!first) return;
  open(first);
  band.show(first.moment);
  status.textContent = `${first.when}: ${first.title}`;
});

form.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-do]");
  const what = /** @type {HTMLElement|null} */ (button)?.dataset.do;
  if (what === "earlier") band.pan(-1);
  if (what === "later") band.pan(1);
  const at = ZOOMS.indexOf(view.zoom) + (what === "in" ? 1 : what === "out" ? -1 : 0);
  if ((what === "in" || what === "out") && ZOOMS[at]) change({ zoom: ZOOMS[at] });
});

window.addEventListener("popstate", () => {
  follow();
  band.reveal(current.moment);
});

/** When the browser has nothing else to do; Safari cannot tell, so there at the next chance.
 * @type {(task: () => void) => void} */
const idle =
  "requestIdleCallback" in window
    ? (task) => requestIdleCallback(task, { timeout: IDLE_WITHIN })
    : (task) => setTimeout(task);

/** One thing after another, with room for the reader in between.
 * @param {(() => void)[]} pieces */
function inPieces([first, ...rest]) {
  if (!first) return;
  idle(() => {
    first();
    inPieces(rest);
  });
}

band.show((named() ?? current).moment); // before anything changes, so that nothing is laid out twice
if (location.hash) takeUp(events); // nothing may move where an address leads
follow();
document.documentElement.classList.remove("sent");
inPieces([
  () => band.name(events),
  () => {
    fill(people, events);
    tick(people, view.people);
  },
  linkDates,
  offerEras,
  tellAddresses,
  ...Array.from({ length: Math.ceil(events.length / AT_ONCE) }, (_, i) => () => {
    takeUp(events.slice(i * AT_ONCE, (i + 1) * AT_ONCE));
  }),
  () => root.classList.add("tl--live"),
]);
