/**
 * Tips that open on hover and focus, the glossary's and the notes': Escape closes them where the
 * reader is, and a pointer on its way to a tip finds it open (WCAG 2.2, 1.4.13). Without this
 * script they still open.
 */

const GRACE = 600; // milliseconds that a tip stays after the pointer has left its word
const REST = 250; // milliseconds on another word that are no mere passing

const terms = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".term")]);
/** @type {Map<HTMLElement, number>} words whose tips wait for the pointer */
const leaving = new Map();
let resting = 0;

/** Let go of a word: no longer held open, and free to open again. @param {HTMLElement} term */
function release(term) {
  clearTimeout(leaving.get(term));
  leaving.delete(term);
  term.classList.remove("term--open", "term--shut", "term--passed");
}

/** Keep a word's tip open, and close all others. @param {HTMLElement} term */
function hold(term) {
  for (const other of [...leaving.keys()]) release(other);
  term.classList.remove("term--passed");
  term.classList.add("term--open");
  place(term);
}

/** Open above the word where there is no room below it. @param {HTMLElement} term */
function place(term) {
  const tip = /** @type {HTMLElement} */ (term.querySelector(".term__tip"));
  const room = window.innerHeight - term.getBoundingClientRect().bottom;
  term.classList.toggle("term--above", tip.offsetHeight > room);
}

for (const term of terms) {
  term.addEventListener("pointerenter", ({ pointerType }) => {
    if (pointerType === "touch") return; // a tap opens a sheet: notes.js
    clearTimeout(resting);
    const passing = leaving.size > 0 && !leaving.has(term);
    term.classList.toggle("term--passed", passing);
    if (passing) resting = window.setTimeout(() => hold(term), REST);
    else hold(term);
  });
  term.addEventListener("pointerleave", () => {
    clearTimeout(resting);
    term.classList.remove("term--passed");
    if (!term.classList.contains("term--open")) return;
    leaving.set(term, window.setTimeout(() => release(term), GRACE));
  });
  term.addEventListener("focusin", () => place(term));
  term.addEventListener("focusout", () => release(term));
}

/** The word or note mark that a tip of the theme belongs to. @param {Element} tip */
const host = (tip) =>
  /** @type {HTMLElement|null} */ (
    document.querySelector(`[aria-controls="${tip.id}"], [aria-describedby="${tip.id}"]`)
  );

/** Close a tip of the theme, until the pointer or the focus has been elsewhere.
 * @param {HTMLElement} tip */
function shut(tip) {
  if (tip.contains(document.activeElement)) host(tip)?.focus();
  tip.dataset.shut = "";
  const gone = new MutationObserver(() => {
    if (tip.classList.contains("md-tooltip2--active")) return;
    delete tip.dataset.shut;
    gone.disconnect();
  });
  gone.observe(tip, { attributeFilter: ["class"] });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const term of terms) {
    if (term.matches(".term--open, :hover, :focus-within")) term.classList.add("term--shut");
  }
  for (const tip of document.querySelectorAll(".md-tooltip2--active")) {
    shut(/** @type {HTMLElement} */ (tip));
  }
});

export {};
