/**
 * The chapters of the timeline, fetched once each: pages that tell their events whole.
 */

/** @type {Map<string, Promise<void>>} */
const asked = new Map();
/** What an event's chapter says of it besides its date and title. @type {Map<string, HTMLElement>} */
const whole = new Map();

/** The text of an event, if its chapter has been fetched. @param {string} id */
export const wholeOf = (id) => whole.get(id);

/** Fetch a chapter; a second request waits for the first. @param {string} address
 * @returns {Promise<void>} fails without a connection */
export function chapterOf(address) {
  const known = asked.get(address);
  if (known) return known;
  const made = load(address);
  asked.set(address, made);
  made.catch(() => asked.delete(address)); // the next request tries again
  return made;
}

/** @param {string} address */
async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const entry of page.querySelectorAll(".tl-list > li")) {
    const body = document.importNode(/** @type {HTMLElement} */ (entry.querySelector("div")), true);
    body.querySelector("h3")?.remove();
    for (const node of body.querySelectorAll("[href], [src]")) {
      const name = node.hasAttribute("href") ? "href" : "src";
      node.setAttribute(name, new URL(node.getAttribute(name) ?? "", answer.url).href);
    }
    whole.set(entry.id, body);
  }
}
