/**
 * The list of people to choose from: a box for each who appears in more than one event, and for
 * each whom the address names. Names are set as text.
 */

/** The last word of a name. @param {string} name */
const last = (name) => name.split(" ").at(-1) ?? name;

/** A box and its name. @param {string} name @param {number} count of events */
function choice(name, count) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.value = name;
  const number = document.createElement("span");
  number.textContent = String(count);
  label.append(box, `${name} `, number);
  return label;
}

/** Fill the list. @param {HTMLElement} root @param {{people: string[]}[]} events */
export function fill(root, events) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const name of events.flatMap((event) => event.people)) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts.keys()].sort((a, b) => last(a).localeCompare(last(b), "en"));
  const boxes = names.map((name) => choice(name, counts.get(name) ?? 0));
  for (const box of boxes) box.hidden = Number(box.lastElementChild?.textContent) < 2;
  root.querySelector("fieldset")?.append(...boxes);
}

/** Show who is chosen. @param {HTMLElement} root @param {Set<string>} chosen */
export function tick(root, chosen) {
  for (const box of root.querySelectorAll("input")) {
    box.checked = chosen.has(box.value);
    if (box.checked) box.closest("label")?.removeAttribute("hidden");
  }
  const words = /** @type {HTMLElement} */ (root.querySelector("summary span"));
  words.textContent = [...chosen].join(", ") || "everyone";
}
