/**
 * Notes where they are read: in the margin of a wide window, and in a sheet at the foot of the
 * window when a finger taps the number, or a word of the glossary. Without this script a number
 * leads to the list of notes, and a word to its entry.
 */

const WIDE = matchMedia("(min-width: 1220px)");
const GAP = 10; // px between two notes in the margin
const FAR = 220; // px below its line at which a note no longer belongs to it

const marks = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("a.footnote-ref")]);

/** What a note says, without its way back. @param {HTMLAnchorElement} mark */
function contentOf(mark) {
  const note = document.getElementById(decodeURIComponent(mark.hash.slice(1)));
  if (!note) return undefined;
  const copy = document.createElement("div");
  copy.append(...[...note.childNodes].map((node) => node.cloneNode(true)));
  for (const part of copy.querySelectorAll(".footnote-backref")) part.remove();
  for (const part of copy.querySelectorAll("[id]")) part.removeAttribute("id");
  return copy;
}

/** Put each note beside the line that first cites it. */
function fillMargin() {
  const column = /** @type {HTMLElement|null} */ (document.querySelector("article.md-content__inner"));
  if (!column || marks.length === 0) return;
  column.querySelector(":scope > .margin-notes")?.remove();
  if (!WIDE.matches) return;
  const box = document.createElement("aside");
  box.className = "margin-notes";
  box.setAttribute("aria-label", "Notes, in the margin");
  column.append(box);
  const { top } = column.getBoundingClientRect();
  const edge = box.getBoundingClientRect().left;
  // What reaches into the margin: notes go round it.
  const obstacles = [...column.querySelectorAll(":scope > :not(h1, h2, h3, h4, .margin-notes), :scope p, figure, table, pre")]
    .map((node) => node.getBoundingClientRect())
    .filter(({ right, height }) => right > edge && height > 0)
    .map((one) => ({ from: one.top - top - GAP, to: one.bottom - top + GAP }))
    .sort((a, b) => a.from - b.from);
  const seen = new Set();
  let free = 0;
  for (const mark of marks) {
    const inStory = mark.closest("p, li") && !mark.closest("figure, table, .margin-notes, details");
    const content = seen.has(mark.hash) || !inStory ? undefined : contentOf(mark);
    if (!content) continue;
    seen.add(mark.hash);
    content.className = "margin-note";
    const number = document.createElement("sup");
    number.textContent = mark.textContent;
    content.firstElementChild?.prepend(number, " ");
    box.append(content);
    const line = mark.getBoundingClientRect().top - top;
    let at = Math.max(free, line);
    for (const { from, to } of obstacles) {
      if (at < to && at + content.offsetHeight > from) at = to;
    }
    if (at - line > FAR) {
      content.remove(); // too far from its line to help; the pointer still opens it there
      continue;
    }
    content.style.top = `${at}px`;
    free = at + content.offsetHeight + GAP;
  }
}

/** @type {HTMLElement|undefined} */
let sheet;

/** What a word means, with the way to its entry. @param {HTMLAnchorElement} word */
function meaningOf(word) {
  const content = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = word.textContent;
  const entry = document.createElement("a");
  entry.href = word.href;
  entry.textContent = "In the glossary";
  content.append(name, ": ", word.nextElementSibling?.textContent ?? "", " ", entry);
  return content;
}

/**
 * @param {HTMLAnchorElement} mark where the reader is, and will be again
 * @param {HTMLElement|undefined} content
 * @param {string} name
 */
function openSheet(mark, content, name) {
  if (!content) return;
  sheet?.remove();
  sheet = document.createElement("aside");
  sheet.className = "note-sheet";
  sheet.tabIndex = -1;
  sheet.setAttribute("role", "dialog");
  sheet.setAttribute("aria-label", name);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "note-sheet__close";
  close.textContent = "Close";
  const shut = () => {
    sheet?.remove();
    sheet = undefined;
    mark.closest(".term")?.classList.add("term--shut"); // until the focus leaves it: tips.js
    mark.focus({ preventScroll: true });
  };
  close.addEventListener("click", shut);
  sheet.addEventListener("keydown", (event) => event.key === "Escape" && shut());
  sheet.append(content, close);
  document.body.append(sheet);
  sheet.focus({ preventScroll: true });
}

/** From the list, a note leads back to where the reader came from. @param {HTMLAnchorElement} mark */
function leadBack(mark) {
  const note = document.getElementById(decodeURIComponent(mark.hash.slice(1)));
  const back = /** @type {HTMLAnchorElement|null|undefined} */ (note?.querySelector(".footnote-backref"));
  if (back && mark.parentElement) back.hash = mark.parentElement.id;
}

document.addEventListener("click", (event) => {
  const { pointerType, target } = /** @type {PointerEvent} */ (event);
  const found = /** @type {Element} */ (target).closest("a.footnote-ref, .term > a");
  if (!found) return;
  const mark = /** @type {HTMLAnchorElement} */ (found);
  leadBack(mark);
  if (pointerType !== "touch" && pointerType !== "pen") return;
  event.preventDefault();
  if (mark.matches(".term > a")) openSheet(mark, meaningOf(mark), `What ${mark.textContent} means`);
  else openSheet(mark, contentOf(mark), `Note ${mark.textContent}`);
});
document.addEventListener("pointerdown", (event) => {
  if (sheet && !sheet.contains(/** @type {Node} */ (event.target))) {
    sheet.remove();
    sheet = undefined;
  }
});

fillMargin();
WIDE.addEventListener("change", fillMargin);
const column = document.querySelector("article.md-content__inner");
if (column && marks.length) new ResizeObserver(fillMargin).observe(column); // fonts, figures, folds

export {};
