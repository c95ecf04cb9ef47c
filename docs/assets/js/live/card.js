/** A picture of the timings to keep or to send. */

import { figure } from "./rates.js";

/** @typedef {import("./rates.js").Row} Row */

const [WIDTH, HEIGHT, EDGE] = [1200, 630, 60];
const INK = { paper: "#f7f8f6", ink: "#171b21", soft: "#4b535e", deep: "#cf4a0a", hand: "#717b87" };

/** Bars on a scale of powers of ten, each with its figure and how it is known.
 * @param {HTMLCanvasElement} canvas @param {Row[]} all @param {string} network */
export function drawCard(canvas, all, network) {
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const rows = all.filter((row) => row.rate);
  const font = getComputedStyle(canvas).fontFamily;
  /** @param {string} words @param {number} x @param {number} y @param {number} size
   * @param {string} colour @param {string} [weight] */
  const write = (words, x, y, size, colour, weight = "400") => {
    pen.font = `${weight} ${size}px ${font}`;
    pen.fillStyle = colour;
    pen.fillText(words, x, y, WIDTH - EDGE - x);
  };
  pen.fillStyle = INK.paper;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  write("AlexNet on this machine", EDGE, 92, 48, INK.ink, "700");
  write("Pictures a second. Each tick of the scale is ten times the one before.", EDGE, 134, 24, INK.soft);
  const most = Math.max(1, ...rows.map(({ rate }) => Math.log10(rate ?? 1)));
  const room = WIDTH - 2 * EDGE - 170;
  const step = Math.min(120, (HEIGHT - 250) / Math.max(1, rows.length));
  rows.forEach(({ name, rate = 1, one, how }, at) => {
    const y = 190 + at * step;
    const long = (room * Math.max(0, Math.log10(rate))) / most;
    write(`${name} · ${how.split(":")[0]}`, EDGE, y, 22, INK.ink);
    pen.fillStyle = one ? INK.deep : INK.hand;
    pen.fillRect(EDGE, y + 10, long, 22);
    write(figure(rate), EDGE + long + 12, y + 30, 24, INK.ink, "700");
    pen.fillStyle = INK.paper;
    for (let power = 1; power < Math.log10(rate); power += 1) {
      pen.fillRect(EDGE + (room * power) / most - 1, y + 10, 2, 22);
    }
  });
  const date = new Date().toISOString().slice(0, 10);
  write(`${network}. The AlexNet Moment, ${date}. Orange is measured here.`, EDGE, HEIGHT - 40, 22, INK.soft);
  canvas.setAttribute(
    "aria-label",
    `Pictures a second: ${rows.map(({ name, rate, how }) => `${name} ${figure(rate ?? 0)}, ${how.split(":")[0]}`).join("; ")}.`,
  );
}
