/** A pad to draw on with a finger, a pen or a mouse. */

import { byId } from "./page.js";

/** @param {(blob: Blob, words: string) => void} take */
export function offerPad(take) {
  const canvas = /** @type {HTMLCanvasElement} */ (byId("live-pad"));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let down = false;
  const clear = () => {
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  /** @param {PointerEvent} event */
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  };
  canvas.addEventListener("pointerdown", (event) => {
    down = true;
    canvas.setPointerCapture(event.pointerId);
    context.lineCap = "round";
    context.lineJoin = "round";
    context.lineWidth = byId("live-pen").valueAsNumber;
    context.strokeStyle = byId("live-ink").value;
    context.beginPath();
    const [x, y] = place(event);
    context.moveTo(x, y);
    context.lineTo(x, y);
    context.stroke();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down) return;
    const [x, y] = place(event);
    context.lineTo(x, y);
    context.stroke();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      down = false;
    });
  }
  byId("live-pad-clear").addEventListener("click", clear);
  byId("live-pad-take").addEventListener("click", () => {
    canvas.toBlob((blob) => blob && take(blob, "Your drawing"));
  });
  clear();
}
