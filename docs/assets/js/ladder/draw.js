/** What the lower rungs see, drawn. The record's pictures are drawn by the same rules in Python. */

const SIDE = 256; // of each drawing, pixels
const DIRECTIONS = 8;

/** @param {HTMLCanvasElement} canvas */
function cleared(canvas) {
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = "black";
  context.fillRect(0, 0, SIDE, SIDE);
  return context;
}

/** Equal squares in rows. @param {HTMLCanvasElement} canvas @param {string[]} colours */
export function squares(canvas, colours) {
  const context = cleared(canvas);
  const across = Math.sqrt(colours.length);
  colours.forEach((colour, i) => {
    const [x, y] = [i % across, Math.floor(i / across)].map((at) => Math.floor((at * SIDE) / across));
    context.fillStyle = colour;
    context.fillRect(x, y, SIDE / across + 1, SIDE / across + 1);
  });
}

/** A stroke along the edge for each direction in each cell. @param {HTMLCanvasElement} canvas
 * @param {Float64Array} cells 16x16x8 */
export function strokes(canvas, cells) {
  const context = cleared(canvas);
  const across = Math.sqrt(cells.length / DIRECTIONS);
  const half = SIDE / across / 2;
  const order = [...cells.keys()].sort((a, b) => cells[a] - cells[b]);
  const high = Math.max(cells[order[Math.floor(0.99 * (order.length - 1))]], 1e-9);
  context.lineWidth = 1.5;
  for (const i of order) {
    const share = Math.sqrt(Math.min(cells[i] / high, 1));
    const angle = ((i % DIRECTIONS) * 2 * Math.PI) / DIRECTIONS + Math.PI / 2;
    const cell = Math.floor(i / DIRECTIONS);
    const [x, y] = [cell % across, Math.floor(cell / across)].map((at) => (2 * at + 1) * half);
    const [right, down] = [Math.cos(angle), Math.sin(angle)].map((part) => part * half * 0.95 * share);
    context.strokeStyle = `rgb(255 255 255 / ${share})`;
    context.beginPath();
    context.moveTo(x - right, y - down);
    context.lineTo(x + right, y + down);
    context.stroke();
  }
}

const ACROSS = 12; // maps in a line
const GAP = "rgb(60 60 60)";

/** A layer's maps as on record: each tower has its block, the first above the second.
 * @param {HTMLCanvasElement} canvas @param {ImageBitmap} sheet the maps in rows, no room between them
 * @param {{side: number, across: number, count: number}} of the sheet */
export function towers(canvas, sheet, { side, across, count }) {
  const lines = count / 2 / ACROSS;
  const block = lines * (side + 1);
  canvas.width = ACROSS * (side + 1);
  canvas.height = 2 * block + 4;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = GAP;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (let map = 0; map < count; map += 1) {
    const [x, y] = [(map % across) * side, Math.floor(map / across) * side];
    const line = Math.floor(map / ACROSS);
    const top = line * (side + 1) + 1 + (line < lines ? 0 : 4);
    context.drawImage(sheet, x, y, side, side, (map % ACROSS) * (side + 1) + 1, top, side, side);
  }
}
