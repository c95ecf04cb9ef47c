/** One picture from the camera. The camera is off again as soon as it is taken. */

import { byId, say } from "./page.js";

/** @type {MediaStream|undefined} */
let stream;

/** The camera is off, and its light too. */
export function closeCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
  byId("live-camera-view").srcObject = null;
  byId("live-camera-box").hidden = true;
}

/** @param {(blob: Blob, words: string) => void} take */
export function offerCamera(take) {
  const media = navigator.mediaDevices;
  if (!media?.getUserMedia) return;
  const open = byId("live-camera");
  const video = /** @type {HTMLVideoElement} */ (byId("live-camera-view"));
  open.hidden = false;
  open.addEventListener("click", async () => {
    try {
      stream = await media.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      say("camera", "The camera cannot be used: it is denied, in use or not there.");
      return;
    }
    video.srcObject = stream;
    byId("live-camera-box").hidden = false;
    await video.play();
    byId("live-shoot").focus();
  });
  byId("live-shoot").addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    closeCamera();
    canvas.toBlob((blob) => blob && take(blob, "The camera's picture"));
    open.focus();
  });
  byId("live-camera-close").addEventListener("click", () => {
    closeCamera();
    open.focus();
  });
}
