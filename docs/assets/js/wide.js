/**
 * Boxes that scroll sideways: within reach of the keyboard, and faded on the side where there is
 * more. Without this script they scroll all the same.
 */

const BOXES = ".table-wrap, .md-typeset__scrollwrap, .lesson-printed, .md-typeset pre > code";

/** @param {HTMLElement} box */
function mark(box) {
  const left = box.scrollLeft > 1;
  const right = box.scrollLeft + box.clientWidth < box.scrollWidth - 1;
  box.classList.toggle("more-left", left);
  box.classList.toggle("more-right", right);
  if (left || right) box.tabIndex = 0;
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) mark(/** @type {HTMLElement} */ (target));
});

// The theme wraps its tables when it starts.
addEventListener("load", () => {
  for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(BOXES))) {
    box.addEventListener("scroll", () => mark(box), { passive: true });
    sizes.observe(box);
  }
});

export {};
