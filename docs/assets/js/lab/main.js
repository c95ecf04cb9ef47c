/**
 * Brings the list of runs to life: filters, order, two runs side by side, and the view in the
 * address. The page is whole without it. All words are taken from the page's own nodes as text.
 */

import { everything, matches, order, read, toggle, write } from "./state.js";

/** @typedef {import("./state.js").Item & {entry: HTMLElement, card: HTMLDetailsElement,
 *   pick: HTMLButtonElement}} Run */

/** An element by its id. @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const root = byId("lab");
const form = /** @type {HTMLFormElement} */ (byId("lab-controls"));
const query = /** @type {HTMLInputElement} */ (byId("lab-q"));
const set = /** @type {HTMLSelectElement} */ (byId("lab-set"));
const sort = /** @type {HTMLSelectElement} */ (byId("lab-sort"));
const results = /** @type {HTMLInputElement} */ (byId("lab-results"));
const list = byId("lab-runs");
const panel = byId("lab-compare");
const status = byId("lab-status");

/** @type {Run[]} */
const runs = [...list.children].map((node, place) => {
  const entry = /** @type {HTMLElement} */ (node);
  const run = entry.id.replace("run-", "");
  const words = (entry.textContent ?? "").toLowerCase();
  const card = /** @type {HTMLDetailsElement} */ (entry.firstElementChild);
  return {
    run,
    set: entry.dataset.s ?? "",
    date: entry.dataset.d ?? "",
    error: Number(entry.dataset.e ?? Infinity),
    results: fields(entry).has("Errors"),
    place,
    words,
    entry,
    card,
    pick: button(run, card),
  };
});
const byRun = new Map(runs.map((run) => [run.run, run]));
const marks = /** @type {SVGAElement[]} */ ([...document.querySelectorAll('.plot a[href*="#run-"]')]);
const known = {
  sets: [...set.options].map((option) => option.value).filter(Boolean),
  runs: [...byRun.keys()],
};
let view = read(location.search, known);

/** What a card says, by its terms. @param {HTMLElement} entry @returns {Map<string, string>} */
function fields(entry) {
  const found = new Map([["What changed", entry.querySelector("summary span")?.textContent ?? ""]]);
  for (const term of entry.querySelectorAll("dt")) {
    found.set(term.textContent ?? "", term.nextElementSibling?.textContent ?? "");
  }
  return found;
}

/** The button in a run's card that takes it into the comparison. @param {string} run
 * @param {HTMLElement} card */
function button(run, card) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = "lab-pick";
  node.textContent = "Compare";
  node.setAttribute("aria-label", `Compare #${run}`);
  node.addEventListener("click", () => {
    view = { ...view, compare: toggle(view.compare, run) };
    show();
    if (view.compare.length === 2) {
      panel.focus({ preventScroll: true });
      panel.scrollIntoView({ block: "center" });
    }
  });
  card.append(node);
  return node;
}

/** One element with text. @param {string} name @param {string} words */
function made(name, words) {
  const node = document.createElement(name);
  node.textContent = words.replaceAll("\u00a0", " "); // narrow columns need every break
  return node;
}

/** What two runs say of a field; one cell where they agree. @param {string[]} values */
function cells(values) {
  if (values.length < 2 || values.some((words) => words !== values[0])) {
    return values.map((words) => made("td", words));
  }
  const both = /** @type {HTMLTableCellElement} */ (made("td", `both: ${values[0]}`));
  both.colSpan = values.length;
  return [both];
}

function clearing() {
  const node = /** @type {HTMLButtonElement} */ (made("button", "Clear the comparison"));
  node.type = "button";
  node.className = "lab-pick";
  node.addEventListener("click", () => {
    view = { ...view, compare: [] };
    show();
    query.focus();
  });
  return node;
}

function showComparison() {
  const chosen = view.compare.flatMap((run) => byRun.get(run) ?? []);
  panel.classList.toggle("lab-compare--open", chosen.length > 0);
  panel.replaceChildren();
  if (chosen.length === 1) {
    panel.append(
      made("p", `#${chosen[0].run} is chosen. Choose a second run to compare it with.`),
      clearing(),
    );
  }
  if (chosen.length < 2) return;
  const values = chosen.map((run) => fields(run.entry));
  const table = document.createElement("table");
  table.append(made("caption", chosen.map((run) => `#${run.run}`).join(" beside ")));
  const head = document.createElement("tr");
  head.append(made("th", "Field"), ...chosen.map((run) => made("th", `#${run.run}`)));
  for (const cell of head.children) cell.setAttribute("scope", "col");
  table.append(head);
  for (const term of new Set(values.flatMap((fields) => [...fields.keys()]))) {
    const row = document.createElement("tr");
    const name = made("th", term);
    name.setAttribute("scope", "row");
    row.append(name, ...cells(values.map((fields) => fields.get(term) ?? "not noted")));
    table.append(row);
  }
  panel.append(table, clearing());
}

/** Bring page, controls and address to the view. */
function show() {
  query.value = view.query;
  set.value = view.set;
  sort.value = view.sort;
  results.checked = view.results;
  const shown = runs.filter((run) => matches(run, view));
  for (const run of runs) {
    run.entry.hidden = !shown.includes(run);
    run.pick.setAttribute("aria-pressed", String(view.compare.includes(run.run)));
  }
  const names = new Set(shown.map((run) => `#run-${run.run}`));
  for (const mark of marks) {
    mark.classList.toggle("off", !names.has(mark.getAttribute("href") ?? ""));
  }
  const ordered = [...runs].sort(order(view.sort)).map((run) => run.entry);
  if (ordered.some((entry, i) => list.children[i] !== entry)) list.replaceChildren(...ordered);
  status.textContent =
    shown.length === runs.length ? `${runs.length} runs` : `${shown.length} of ${runs.length} runs`;
  showComparison();
  history.replaceState(null, "", `${location.pathname}${write(view)}${location.hash}`);
}

/** A run that a link leads to must be open, and not hidden by a filter.
 * @returns {Run|undefined} the run */
function follow() {
  const run = byRun.get(location.hash.replace("#run-", ""));
  if (run?.entry.hidden) {
    view = { ...everything(), sort: view.sort, compare: view.compare };
    show();
  }
  if (run) run.card.open = true;
  return run;
}

form.addEventListener("input", () => {
  view = {
    ...view,
    query: query.value,
    set: set.value,
    sort: sort.value,
    results: results.checked,
  };
  show();
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", (event) => {
  event.preventDefault();
  view = everything();
  show();
});
window.addEventListener("hashchange", () => follow()?.entry.scrollIntoView());

root.classList.add("lab--live");
show();
follow(); // the browser scrolls there by itself once the page is complete
document.documentElement.classList.remove("sent");
