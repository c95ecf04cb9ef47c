/** One picture from the camera, which is off whenever its picture is not shown. */

import { byId, say } from "./page.js";

/** @type {MediaStream|undefined} */
let stream;
let request = 0; // a permission that comes after another request, or after closing, is not used

/** @param {MediaStream|undefined} some */
const stop = (some) => some?.getTracks().forEach((track) => track.stop());

/** The camera is off, and a request for it that is still open will not turn it on. */
export function closeCamera() {
  request += 1;
  stop(stream);
  stream = undefined;
  byId("live-camera-view").srcObject = null;
  byId("live-camera-box").hidden = true;
  byId("live-camera").disabled = false;
}

/** @param {(blob: Blob, words: string) => void} take */
export function offerCamera(take) {
  const media = navigator.mediaDevices;
  if (!media?.getUserMedia) return;
  const open = byId("live-camera");
  const video = /** @type {HTMLVideoElement} */ (byId("live-camera-view"));
  open.hidden = false;
  open.addEventListener("click", async () => {
    closeCamera();
    open.disabled = true;
    const mine = request;
    /** @type {MediaStream} */
    let granted;
    try {
      granted = await media.getUserMedia({ video: { facingMode: "environment" } });
    } catch (error) {
      if (mine !== request) return;
      closeCamera();
      const name = /** @type {DOMException} */ (error).name;
      const why =
        name === "NotAllowedError"
          ? "this browser or you denied it. The padlock in the address bar allows it again"
          : name === "NotFoundError"
            ? "this device has none"
            : "another program may be using it";
      say("camera", `The camera cannot be used: ${why}.`);
      return;
    }
    if (mine !== request) {
      stop(granted);
      return;
    }
    stream = granted;
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
  document.addEventListener("visibilitychange", () => document.hidden && closeCamera());
}
