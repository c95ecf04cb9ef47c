/**
 * Marks on the map of the ten turning points the one that is being read.
 */

const numbers = new Map(
  [...document.querySelectorAll(".turns__map a")].map((a) => [a.getAttribute("href")?.slice(1), a]),
);
const watch = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) {
      const number = numbers.get(target.id);
      if (isIntersecting) number?.setAttribute("aria-current", "step");
      else number?.removeAttribute("aria-current");
    }
  },
  { rootMargin: "-50% 0px" }, // whatever crosses the middle of the window
);
for (const step of document.querySelectorAll(".turns__steps > li")) watch.observe(step);
