/**
 * The band on the screen: moves the marks that the build drew, and names them. It adds and
 * removes nothing but labels and year lines, and writes text as text.
 *
 * @typedef {import("./layout.js").Scale} Scale
 * @typedef {import("./layout.js").Item & {mark: SVGAElement}} Marked
 */

import { draw, moment, position } from "./layout.js";

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element. @param {string} name @param {Record<string, string|number>} attributes
 * @param {string} [text] */
function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

export class Band {
  /** Panning is the frame's own scrolling: no script runs for it, and nothing is laid out again.
   * @param {HTMLElement} frame the scrolling frame @param {Scale} scale */
  constructor(frame, scale) {
    this.frame = frame;
    this.scale = scale;
    this.svg = /** @type {SVGSVGElement} */ (frame.querySelector("svg"));
    this.names = /** @type {HTMLElement[]} */ ([...frame.querySelectorAll(".tl-names span")]);
    this.width = scale.width;
    const marks = [...this.svg.querySelectorAll("a[href]")];
    /** What is drawn now: at first all, by the build, at the first size. */
    this.drawn = { zoom: 1, ids: new Set(marks.map((m) => m.getAttribute("href")?.slice(1) ?? "")) };
  }

  /** Give every mark its name, and the drawing its part for a screen reader.
   * @param {(Marked & {when: string})[]} items */
  name(items) {
    for (const { mark, when, title } of items) {
      mark.prepend(element("title", {}, `${when}: ${title}`));
    }
    this.svg.removeAttribute("aria-hidden");
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", `${items.length} events on a scale of time`);
  }

  /** Draw the events that are shown, unless they are what is drawn already.
   * @param {Marked[]} items all @param {Set<string>} shown ids @param {number} zoom */
  redraw(items, shown, zoom) {
    // A mark takes the one tab stop; where none is shown it is the frame's, for scrolling.
    if (shown.size > 0) this.frame.removeAttribute("tabindex");
    else this.frame.setAttribute("tabindex", "0");
    const { ids } = this.drawn;
    const same = ids.size === shown.size && [...shown].every((id) => ids.has(id));
    if (same && this.drawn.zoom === zoom) return;
    this.drawn = { zoom, ids: shown };
    const centre = this.centre();
    this.width = this.scale.width * zoom;
    const visible = items.filter((item) => shown.has(item.id));
    const drawing = draw(visible, this.scale, this.width, zoom > 1 ? 1 : 2);
    const height = Math.max(drawing.height, 120);
    this.svg.setAttribute("width", String(this.width));
    this.svg.setAttribute("height", String(height));
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.#lens(height);
    this.#axis(drawing.ticks, height);
    this.#lanes(drawing.lanes, height);
    const places = new Map(drawing.places.map((place) => [place.id, place]));
    for (const { id, mark } of items) {
      const place = places.get(id);
      mark.toggleAttribute("hidden", !place);
      mark.style.display = place ? "" : "none";
      if (place) this.#place(mark, place);
    }
    this.show(centre);
  }

  /** @param {SVGAElement} mark @param {import("./layout.js").Place} place */
  #place(mark, { x, y, label, flipped }) {
    mark.setAttribute("transform", `translate(${x.toFixed(1)} ${y})`);
    mark.querySelector("text")?.remove();
    if (!label) return;
    const anchor = flipped ? "end" : "start";
    mark.append(element("text", { x: flipped ? -14 : 14, y: 4, "text-anchor": anchor }, label));
  }

  /** @param {number} height */
  #lens(height) {
    const [from, to] = this.scale.lens.map((year) => position(year, this.scale, this.width));
    const lens = this.svg.querySelector(".tl-lens");
    lens?.setAttribute("x", String(from));
    lens?.setAttribute("width", String(to - from));
    lens?.setAttribute("height", String(height));
  }

  /** @param {[number, number][]} ticks @param {number} height */
  #axis(ticks, height) {
    const parts = ticks.flatMap(([year, x]) => [
      element("line", { x1: x, x2: x, y1: 22, y2: height }),
      element("text", { x, y: 15 }, String(year)),
    ]);
    this.svg.querySelector(".tl-axis")?.replaceChildren(...parts);
  }

  /** The lanes in the drawing and their names over it stand in the same order.
   * @param {{theme: string, top: number}[]} lanes @param {number} height */
  #lanes(lanes, height) {
    const tops = new Map(lanes.map(({ theme, top }) => [theme, top]));
    const drawn = /** @type {NodeListOf<SVGGElement>} */ (
      this.svg.querySelectorAll("g[data-theme]")
    );
    for (const [at, lane] of drawn.entries()) {
      const top = tops.get(lane.dataset.theme ?? "");
      lane.style.display = this.names[at].style.display = top === undefined ? "none" : "";
      if (top === undefined) continue;
      this.names[at].style.top = `${((100 * top) / height).toFixed(2)}%`;
      const rule = lane.querySelector(".tl-rule");
      rule?.setAttribute("x2", String(this.width));
      for (const end of ["y1", "y2"]) rule?.setAttribute(end, String(top));
    }
  }

  /** The year in the middle of what is seen. */
  centre() {
    return moment(this.frame.scrollLeft + this.frame.clientWidth / 2, this.scale, this.width);
  }

  /** Bring a year to the middle, at once. @param {number} year */
  show(year) {
    const x = position(year, this.scale, this.width);
    this.frame.scrollLeft = x - this.frame.clientWidth / 2;
  }

  /** Bring a year into view if it is out of it. @param {number} year */
  reveal(year) {
    const x = position(year, this.scale, this.width) - this.frame.scrollLeft;
    if (x < 24 || x > this.frame.clientWidth - 24) this.show(year);
  }

  /** Show the part that has most of some years. @param {number[]} years
   * @returns {number[]} those that are seen then */
  settle(years) {
    const room = this.frame.clientWidth - 48;
    const places = years.map((year) => position(year, this.scale, this.width));
    /** @param {number} from */
    const within = (from) => places.filter((x) => x >= from && x <= from + room).length;
    const start = places.reduce((best, x) => (within(x) > within(best) ? x : best), places[0]);
    const seen = places.filter((x) => x >= start && x <= start + room);
    if (seen.length === 0) return [];
    this.frame.scrollLeft = (Math.min(...seen) + Math.max(...seen) - this.frame.clientWidth) / 2;
    return years.filter((_, i) => places[i] >= start && places[i] <= start + room);
  }

  /** Move the view by most of its width. @param {number} direction -1 or 1 */
  pan(direction) {
    this.frame.scrollLeft += direction * this.frame.clientWidth * 0.7;
  }
}
