/** The list of names: finds and sorts them. The list is whole without it. */

import { matches } from "./tiles.js";

const root = /** @type {HTMLElement} */ (document.getElementById("names"));
const list = /** @type {HTMLElement} */ (root.querySelector("ol"));
const find = /** @type {HTMLInputElement} */ (document.getElementById("names-find"));
const sort = /** @type {HTMLSelectElement} */ (document.getElementById("names-sort"));
const found = /** @type {HTMLElement} */ (document.getElementById("names-found"));
const rows = /** @type {HTMLElement[]} */ ([...list.children]);
const nameOf = (/** @type {HTMLElement} */ row) => row.querySelector("h3 a")?.textContent ?? "";
const score = (/** @type {HTMLElement} */ row) => Number(row.dataset.top1);

function show() {
  const query = find.value;
  for (const row of rows) row.hidden = query.trim() !== "" && !matches(nameOf(row), query);
  const left = rows.filter((row) => !row.hidden).length;
  found.textContent = query.trim() ? `${left} of ${rows.length} names` : "";
}

find.addEventListener("input", show);
find.form?.addEventListener("submit", (event) => event.preventDefault());
sort.addEventListener("change", () => {
  const sign = sort.value === "best" ? -1 : 1;
  const order = [...rows];
  if (sort.value !== "name") order.sort((a, b) => sign * (score(a) - score(b)));
  list.append(...order);
});
root.classList.add("atlas--live");
show();
