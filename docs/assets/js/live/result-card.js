/** The answer as a picture to share: the photograph, the five guesses, the site's name. */

import { store } from "./store.js";
import { byId, percent, say } from "./page.js";

const [WIDTH, HEIGHT, PHOTO, EDGE] = [1200, 630, 520, 48];
const INK = { paper: "#f7f8f6", ink: "#171b21", soft: "#4b535e", deep: "#cf4a0a", tint: "#e2e5e1" };

/** @returns {HTMLCanvasElement} */
function drawn() {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const font = getComputedStyle(byId("live")).fontFamily;
  /** @param {string} words @param {number} x @param {number} y @param {number} size
   * @param {string} colour @param {string} [weight] */
  const write = (words, x, y, size, colour, weight = "400") => {
    pen.font = `${weight} ${size}px ${font}`;
    pen.fillStyle = colour;
    pen.fillText(words, x, y, WIDTH - EDGE - x);
  };
  pen.fillStyle = INK.paper;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  const image = /** @type {HTMLImageElement} */ (byId("live-whole"));
  if (!image.hidden) {
    const scale = Math.min(PHOTO / image.naturalWidth, PHOTO / image.naturalHeight);
    const [wide, high] = [image.naturalWidth * scale, image.naturalHeight * scale];
    pen.drawImage(image, EDGE + (PHOTO - wide) / 2, EDGE + (PHOTO - high) / 2, wide, high);
  }
  const left = EDGE + PHOTO + 48;
  write("A small AlexNet says:", left, EDGE + 34, 30, INK.soft);
  store.top.forEach(({ label, share }, at) => {
    const y = EDGE + 100 + at * 84;
    write(label, left, y, at ? 28 : 38, INK.ink, at ? "400" : "700");
    write(percent(share), WIDTH - EDGE - 80, y, at ? 28 : 34, INK.ink, "700");
    pen.fillStyle = INK.tint;
    pen.fillRect(left, y + 14, WIDTH - EDGE - left, 12);
    pen.fillStyle = INK.deep;
    pen.fillRect(left, y + 14, (WIDTH - EDGE - left) * share, 12);
  });
  write("The AlexNet Moment", EDGE, HEIGHT - 26, 24, INK.soft, "700");
  return canvas;
}

/** @returns {Promise<File>} */
const file = () =>
  new Promise((done) =>
    drawn().toBlob((blob) => done(new File([/** @type {Blob} */ (blob)], "alexnet-says.png", { type: "image/png" }))),
  );

/** A sentence beside the picture. */
const sentence = () => `A small AlexNet says: ${store.top[0]?.label ?? ""}.`;

export async function share() {
  try {
    await navigator.share({ files: [await file()], text: sentence() });
  } catch (error) {
    if (/** @type {DOMException} */ (error).name !== "AbortError") say("answered", "Sharing did not work here. Save it as a picture instead.");
  }
}

export async function copy() {
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": file() })]);
    say("answered", "The answer is copied as a picture. Paste it where you like.");
  } catch {
    say("answered", "Copying is not allowed here. Save it as a picture instead.");
  }
}

export async function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await file());
  link.download = "alexnet-says.png";
  link.click();
  say("answered", `The answer is saved as ${link.download}.`);
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
