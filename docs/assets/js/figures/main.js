/**
 * What makes a figure answer: read-outs of its marks by pointer, touch and arrow keys, another view,
 * a group of marks picked out, and the figure as PNG and as HTML to embed.
 * The drawings are whole without it.
 */

const NEAR = 28; // pixels from a mark at which it is read out
const SCALE = 2; // of the PNG, for dense screens

/** @param {Element} figure @param {string} selector @returns {HTMLElement[]} */
const all = (figure, selector) => [
  .../** @type {NodeListOf<HTMLElement>} */ (figure.querySelectorAll(selector)),
];

/** The marks of the drawing that is seen. @param {Element} figure @returns {SVGElement[]} */
function seen(figure) {
  const drawing = all(figure, ".fig__view:not([hidden]) > svg").find((one) => one.checkVisibility());
  return /** @type {SVGElement[]} */ ([...(drawing?.querySelectorAll(".m[data-say]") ?? [])]);
}

/** Read-outs. @param {HTMLElement} figure @param {HTMLElement} plots */
function reading(figure, plots) {
  const line = /** @type {HTMLElement} */ (figure.querySelector(".fig__say"));
  const ask = line.textContent ?? "";
  /** @type {SVGElement | undefined} */
  let read;

  // The words leave the drawing's own tool tips, which would stand beside these.
  for (const mark of all(plots, ".m:has(> title)")) {
    const title = /** @type {Element} */ (mark.querySelector("title"));
    mark.dataset.say = title.textContent ?? "";
    title.remove();
  }

  /** @param {SVGElement | undefined} mark */
  function show(mark) {
    if (mark === read) return;
    read?.classList.remove("read");
    read = mark;
    read?.classList.add("read");
    line.classList.toggle("fig__say--live", Boolean(mark));
    line.textContent = mark?.dataset.say ?? ask;
  }

  /** @param {PointerEvent} event */
  function nearest(event) {
    const away = seen(figure).map((mark) => {
      const { left, right, top, bottom } = mark.getBoundingClientRect();
      const x = Math.max(left - event.clientX, 0, event.clientX - right);
      const y = Math.max(top - event.clientY, 0, event.clientY - bottom);
      return { mark, distance: Math.hypot(x, y) };
    });
    away.sort((one, other) => one.distance - other.distance);
    show(away[0]?.distance <= NEAR ? away[0].mark : undefined);
  }

  plots.tabIndex = 0;
  plots.setAttribute("role", "group");
  plots.setAttribute("aria-label", "The marks of this figure: arrow keys read them out");
  plots.addEventListener("pointermove", nearest);
  plots.addEventListener("pointerdown", nearest);
  plots.addEventListener("keydown", (event) => {
    const marks = seen(figure).filter((mark) => !mark.classList.contains("off"));
    const at = read ? marks.indexOf(read) : -1;
    const next = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at < 0 ? marks.length - 1 : at - 1,
      ArrowUp: at < 0 ? marks.length - 1 : at - 1,
      Home: 0,
      End: marks.length - 1,
    }[event.key];
    if (event.key === "Escape") show(undefined);
    else if (event.key === "Enter") read?.closest("a")?.dispatchEvent(new MouseEvent("click"));
    else if (next === undefined || !marks.length) return;
    else show(marks[Math.max(0, Math.min(next, marks.length - 1))]);
    event.preventDefault();
  });
  return () => show(undefined);
}

/** The choice of a view, and of a group. @param {HTMLElement} figure @param {() => void} forget */
function controls(figure, forget) {
  const views = all(figure, ".fig__view");
  for (const radio of /** @type {HTMLInputElement[]} */ (all(figure, ".fig__controls input"))) {
    radio.addEventListener("change", () => {
      forget();
      views.forEach((view, i) => (view.hidden = String(i) !== radio.value));
    });
  }
  const choice = /** @type {HTMLSelectElement | null} */ (figure.querySelector(".fig__controls select"));
  choice?.addEventListener("change", () => {
    forget();
    for (const mark of all(figure, ".m[data-g]")) {
      mark.classList.toggle("off", choice.value !== "" && mark.dataset.g !== choice.value);
    }
  });
}

/** The figure's SVG file as a PNG. @param {string} address @returns {Promise<Blob>} */
async function png(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth * SCALE;
  canvas.height = picture.naturalHeight * SCALE;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture")))),
  );
}

/** Buttons beside the files. @param {HTMLElement} figure */
function taking(figure) {
  const row = /** @type {HTMLElement} */ (figure.querySelector(".fig__take"));
  const file = /** @type {HTMLAnchorElement | null} */ (row.querySelector('a[href$=".svg"]'));
  const here = `${location.origin}${location.pathname}#${figure.id}`;
  const title = figure.querySelector(".fig__headline")?.textContent ?? "";

  /** @param {string} words @param {() => Promise<void>} work @param {string} done */
  function button(words, work, done) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.addEventListener("click", () => {
      work().then(
        () => (made.textContent = done),
        () => (made.textContent = `${words}: not possible here`),
      );
    });
    row.append(made);
  }

  if (location.protocol === "file:") return; // neither pictures nor addresses to share there
  if (file) {
    button(
      "PNG",
      async () => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(await png(file.href));
        link.download = `${figure.id}.png`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      },
      "PNG saved",
    );
  }
  if (!navigator.clipboard) return; // over plain http a browser offers none
  if (!file) return;
  const quoted = title.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  const html = `<figure><a href="${here}"><img src="${file.href}" alt="${quoted}" loading="lazy"></a><figcaption><a href="${here}">The AlexNet Moment</a>, CC BY 4.0</figcaption></figure>`;
  button("Copy HTML to embed", () => navigator.clipboard.writeText(html), "HTML copied");
}

for (const figure of all(document.body, "figure.fig")) {
  const plots = /** @type {HTMLElement | null} */ (figure.querySelector("[data-say]"));
  controls(figure, plots ? reading(figure, plots) : () => {});
  taking(figure);
}
