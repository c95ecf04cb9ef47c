/**
 * Brings the timeline to life: filters, search, zoom, stepping, and the view in the address.
 * The page is whole without it. An event's text is fetched from its chapter when it is asked for;
 * everything shown is copied from the site's own nodes or set as text. What is not needed for the
 * first look is made in pieces, so that a slow phone stays free for its reader.
 */

import { Band } from "./band.js";
import { chapterOf, wholeOf } from "./chapters.js";
import { SCALE, decimalYear } from "./layout.js";
import { fill, tick } from "./people.js";
import { shareButton } from "../share.js";
import "./turns.js";
import { ZOOMS, everything, matches, plain, read, write } from "./state.js";

/** @typedef {import("./band.js").Marked & {people: string[], words: string, when: string,
 *   entry: HTMLElement, chapter: string}} Event `words` are of the whole text once it is there */

const START = "alexnet-wins";
const WORDS_AFTER = 180; // milliseconds without a key before a search runs
const IDLE_WITHIN = 300; // milliseconds that a part of the start may wait for idle time

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
const chapters = /** @type {HTMLDetailsElement[]} */ ([
  ...document.querySelectorAll(".tl-chapter"),
]);
const opened = new Set(chapters.filter((one) => one.open));
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
let filtered = false; // whether the last view left events out
let looked = false; // whether somebody has seen the reader, so that its text is worth a request

/** @returns {Event[]} */
function collect() {
  const marks = new Map(
    [...root.querySelectorAll("svg a[href]")].map((mark) => [mark.getAttribute("href"), mark]),
  );
  return [...document.querySelectorAll(".tl-index > li")]
    .map((node) => {
      const entry = /** @type {HTMLElement} */ (node);
      const mark = /** @type {SVGAElement} */ (marks.get(`#${entry.id}`));
      const time = entry.querySelector("time");
      const link = /** @type {HTMLAnchorElement} */ (entry.querySelector("a"));
      return {
        id: entry.id,
        moment: decimalYear(time?.dateTime || (time?.textContent ?? "")),
        importance: Number(entry.dataset.i ?? 1),
        people: entry.dataset.p?.split("|") ?? [],
        theme: mark.closest("g")?.dataset.theme ?? "",
        title: link.textContent ?? "",
        when: time?.textContent ?? "",
        words: plain(`${entry.textContent} ${entry.dataset.p ?? ""}`),
        chapter: link.href.split("#")[0],
        entry,
        mark,
      };
    })
    .sort((a, b) => a.moment - b.moment);
}

/** The eras of the list, to jump to. */
function offerEras() {
  for (const chapter of chapters) {
    const [title, about] = chapter.querySelector("summary")?.children ?? [];
    const years = about?.textContent?.split(",")[0];
    era.append(new Option(`${years}: ${title?.textContent}`, title?.id));
  }
}

/** Search the whole texts as well, once they are all there. */
async function readAll() {
  const all = [...new Set(events.map((event) => event.chapter))];
  await Promise.all(all.map((address) => chapterOf(address).catch(() => {}))); // then by title alone
  for (const event of events) {
    const text = wholeOf(event.id)?.textContent ?? "";
    event.words = plain(`${event.entry.textContent} ${event.entry.dataset.p ?? ""} ${text}`);
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
  const few = shown.length < events.length;
  for (const chapter of chapters) {
    chapter.hidden = !chapter.querySelector("li:not([hidden])");
    if (few !== filtered) chapter.open = few || opened.has(chapter);
  }
  filtered = few;
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

/** Fill the reader with the current event, whole as soon as its chapter is there. */
function tell() {
  if (shown.length === 0) {
    const none = document.createElement("p");
    none.textContent = "No event matches all of that. Take a filter away, or show all.";
    reader.className = "tl-reader";
    reader.replaceChildren(none);
    return;
  }
  const asked = current;
  const date = document.createElement("p");
  date.className = "tl-when";
  date.textContent = asked.when;
  const title = document.createElement("h3");
  title.textContent = asked.title;
  const body = document.createElement("div");
  body.append(title);
  const steps = document.createElement("div");
  steps.className = "tl-steps";
  const at = shown.indexOf(asked);
  steps.append(
    stepper("Earlier event", shown[at - 1]),
    stepper("Next event", shown[at + 1]),
    link("Read on in its chapter", `${asked.chapter}#${asked.id}`),
    ...shareButton(asked.id, asked.title),
  );
  reader.className = `tl-reader tl-${asked.theme}`;
  reader.replaceChildren(date, body, steps);
  complete();
}

/** Add the current event's text to the reader, once its chapter is there. */
function complete() {
  const { id, chapter } = current;
  const body = reader.querySelector("div:has(> h3)");
  if (!body) return;
  const add = () => {
    const whole = wholeOf(id);
    if (!whole || body.childElementCount > 1) return;
    body.append(...whole.cloneNode(true).childNodes);
  };
  add();
  // Without a connection there are the date, the title and the way to the chapter.
  if (looked && !wholeOf(id)) chapterOf(chapter).then(add, () => {});
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
  looked = true;
  if (how === "push") history.pushState(null, "", address(`#${event.id}`));
  if (how === "replace") history.replaceState(null, "", address(`#${event.id}`));
  band.reveal(event.moment);
  rove();
  tell();
}

/** Change the view, and the address with it; the band moves to where most of what is left lies.
 * @param {Partial<typeof view>} change */
function change(change) {
  view = { ...view, ...change };
  history.replaceState(null, "", address());
  apply();
  if (!("zoom" in change) || filtered) settle();
}

/** Show that part of the band that has most of the events, and one of them in the reader. */
function settle() {
  if (!filtered) return band.reveal(current.moment);
  const seen = band.settle(shown.map((event) => event.moment));
  const inside = shown.filter((event) => seen.includes(event.moment));
  if (inside.length === 0 || inside.includes(current)) return;
  current = inside.reduce((best, event) => (event.importance > best.importance ? event : best));
  rove();
  tell();
}

/** Follow the address: after loading, and after the back button. */
async function follow() {
  view = read(location.search, known);
  if (view.query) await readAll();
  const target = named();
  if (target) {
    current = target;
    if (!matches(target, view)) view = { ...everything(), zoom: view.zoom };
    const chapter = target.entry.closest("details");
    if (chapter) chapter.open = true;
  }
  apply();
  if (filtered && !target) settle();
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
  waiting = window.setTimeout(async () => {
    await readAll();
    change({ query: search.value });
  }, WORDS_AFTER);
});
search.addEventListener("focus", readAll, { once: true });
people.addEventListener("change", (event) => {
  const box = /** @type {HTMLInputElement} */ (event.target);
  const names = new Set(view.people);
  if (box.checked) names.add(box.value);
  else names.delete(box.value);
  change({ people: names });
});
era.addEventListener("change", () => {
  const first = shown.find((event) => event.entry.closest(`:has(> summary #${era.value})`));
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

window.addEventListener("popstate", async () => {
  await follow();
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

new IntersectionObserver((seen, watch) => {
  if (!seen.some((one) => one.isIntersecting)) return;
  watch.disconnect();
  looked = true;
  complete();
}).observe(reader);

band.show((named() ?? current).moment); // before anything changes, so that nothing is laid out twice
follow().then(() => {
  named()?.entry.scrollIntoView({ block: "center", behavior: "instant" });
  document.documentElement.classList.remove("sent");
  inPieces([
    () => band.name(events),
    () => {
      fill(people, events);
      tick(people, view.people);
    },
    offerEras,
    () => root.classList.add("tl--live"),
  ]);
});
