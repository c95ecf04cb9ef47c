/** The list of what the network can name, searchable. */

import { byId } from "./page.js";

/** Hide the names that do not hold what is typed. */
export function listenForNames() {
  const names = /** @type {HTMLElement[]} */ ([...byId("live-names").querySelectorAll(".live-chips li")]);
  byId("live-find").addEventListener("input", () => {
    const wanted = byId("live-find").value.trim().toLowerCase();
    let count = 0;
    for (const node of names) {
      node.hidden = !(node.textContent ?? "").toLowerCase().includes(wanted);
      count += Number(!node.hidden);
    }
    byId("live-found").textContent = count ? `${count} of ${names.length}` : "Not on its list: it will give it another name.";
  });
}
