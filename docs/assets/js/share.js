/**
 * Buttons that share a figure, a myth or an event: by the browser's own sheet, and where it has none,
 * its address is copied. Nothing leaves for another host.
 */

// A file has no address to share, and over plain http a browser offers neither way.
const possible = location.protocol !== "file:" && Boolean(navigator.share ?? navigator.clipboard);
const WORDS = "share" in navigator ? "Share" : "Copy link";

/** @param {HTMLElement} button @param {string} words @param {string} [tip] */
function label(button, words, tip = words) {
  if (button.classList.contains("share")) {
    button.title = words;
    button.setAttribute("aria-label", tip);
  } else button.textContent = words;
}

/** @param {HTMLElement} button */
async function share(button) {
  const { share: id = "", title = "" } = button.dataset;
  const url = `${location.origin}${location.pathname}#${id}`;
  try {
    if ("share" in navigator) return await navigator.share({ title, url });
  } catch (error) {
    if (/** @type {DOMException} */ (error).name === "AbortError") return;
  }
  try {
    await navigator.clipboard.writeText(url);
    button.classList.add("shared");
    label(button, "Link copied");
  } catch {
    label(button, `${WORDS}: not possible here`);
  }
}

/** A button that shares a place of this page; nothing where the browser has no way.
 * @param {string} id @param {string} title @param {boolean} [icon] only a sign, named by its title
 * @returns {HTMLButtonElement[]} */
export function shareButton(id, title, icon = false) {
  if (!possible) return [];
  const button = document.createElement("button");
  button.type = "button";
  Object.assign(button.dataset, { share: id, title });
  if (icon) button.className = "share";
  label(button, WORDS, `${WORDS}: ${title}`);
  button.addEventListener("click", () => share(button));
  return [button];
}

for (const figure of document.querySelectorAll("figure.fig[id]")) {
  const title = figure.querySelector(".fig__headline")?.textContent ?? "";
  figure.querySelector(".fig__take")?.append(...shareButton(figure.id, title));
}
for (const heading of document.querySelectorAll("h3.myth[id]")) {
  const title = heading.firstChild?.textContent ?? "";
  heading.nextElementSibling?.append(...shareButton(heading.id, title, true));
}
for (const event of document.querySelectorAll(".tl-list > li[id], .tour > li[id]")) {
  const title = event.querySelector("h3")?.textContent ?? "";
  [...event.querySelectorAll("p")].at(-1)?.append(...shareButton(event.id, title, true));
}
