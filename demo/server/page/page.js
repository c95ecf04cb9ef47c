/** The demo's page: a picture to the server, its answer to the reader. */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
const status = byId("status");
const drop = byId("drop");
const viewfinder = byId("viewfinder");
const video = viewfinder.querySelector("video");
let turn = 0;
let shown = "";

/** @param {string} words @param {boolean} [wrong] */
function say(words, wrong = false) {
  status.textContent = words;
  status.classList.toggle("wrong", wrong);
}

/** @param {string} name @param {string} [words] */
function make(name, words = "") {
  const element = document.createElement(name);
  element.textContent = words;
  return element;
}

/** Send a picture and show what comes back. @param {Blob} picture @param {string} words */
async function ask(picture, words) {
  turn += 1;
  const own = turn;
  say(`${words}: asking the network`);
  let answer;
  try {
    const response = await fetch("/v1/classify", {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: picture,
    });
    answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
  } catch (error) {
    if (own !== turn) return;
    const unreachable = error instanceof TypeError;
    say(unreachable ? "The server does not answer. Does it still run?" : error.message, true);
    byId("answer").hidden = true;
    return;
  }
  if (own === turn) show(answer, picture, words);
}

/** @param {any} answer @param {Blob} picture @param {string} words */
function show(answer, picture, words) {
  const best = answer.top[0];
  URL.revokeObjectURL(shown);
  shown = URL.createObjectURL(picture);
  byId("seen").src = shown;
  byId("seen").alt = words;
  byId("size").textContent = `${answer.size[0]} × ${answer.size[1]} pixels`;
  byId("top").replaceChildren(
    ...answer.top.map((/** @type {any} */ { label, probability }) => {
      const row = make("li");
      const bar = make("span");
      bar.className = "bar";
      bar.style.setProperty("--share", String(probability));
      row.append(make("span", label), make("span", percent(probability)), bar);
      return row;
    }),
  );
  const times = answer.milliseconds;
  const all = times.decode + times.queue + times.inference;
  const names = { decode: "Decode", queue: "Queue", inference: "Inference" };
  byId("times").replaceChildren(
    ...Object.entries(names).map(([key, name]) => {
      byId("split").querySelector(`.${key}`).style.setProperty("--share", String(times[key] / all));
      const row = make("div");
      const patch = make("i");
      patch.className = key;
      const term = make("dt", name);
      term.prepend(patch);
      row.append(term, make("dd", `${times[key].toFixed(1)} ms`));
      return row;
    }),
  );
  const { model, provider, batch } = answer;
  const together = batch > 1 ? ` Together with ${batch - 1} other pictures.` : "";
  byId("made").textContent =
    `${model.title} (${model.precision}), trained by ${model.trained_by} on ${model.trained_on}. ` +
    `Ran on ${provider}.${together}`;
  byId("answer").hidden = false;
  say(`${words}: ${best.label}, ${percent(best.probability)}`);
  byId("answer-h").focus({ preventScroll: true });
  byId("answer").scrollIntoView({ block: "nearest" });
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(1)}%`;

async function begin() {
  try {
    const told = await (await fetch("/v1/engine")).json();
    byId("where").textContent = told.words;
    byId("classes").textContent = `its ${told.model.classes}`;
    offer(told.samples);
    byId("to-site").hidden = !told.site;
  } catch {
    say("The server does not answer. Does it still run?", true);
  }
}

/** @param {string[]} addresses */
function offer(addresses) {
  const list = byId("samples").querySelector("ul");
  for (const address of addresses) {
    const name = address.split("/").pop()?.replace(/\.\w+$/, "").replace("-", " ");
    const image = /** @type {HTMLImageElement} */ (make("img"));
    Object.assign(image, { src: address, alt: `Sample: ${name}`, width: 120, height: 90 });
    image.loading = "lazy";
    const button = make("button");
    button.append(image);
    button.addEventListener("click", async () => ask(await (await fetch(address)).blob(), `Sample ${name}`));
    const row = make("li");
    row.append(button);
    list.append(row);
  }
  byId("samples").hidden = addresses.length === 0;
}

byId("ask").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const [file] = byId("file").files;
  if (file) ask(file, file.name);
});
byId("file").addEventListener("change", () => byId("ask").requestSubmit());
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const [file] = event.dataTransfer?.files ?? [];
  if (file) ask(file, file.name);
});
document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData?.files ?? [];
  if (file) ask(file, "The pasted picture");
  else say("There is no picture on the clipboard.", true);
});

// A camera is offered where the browser lets a page use one; the file field of a phone has it too.
byId("camera").hidden = !navigator.mediaDevices?.getUserMedia;
byId("camera").addEventListener("click", async () => {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment" },
    });
    viewfinder.showModal();
    await video.play();
  } catch (error) {
    const refused = /** @type {Error} */ (error).name === "NotAllowedError";
    say(refused ? "The browser does not allow the camera here." : "No camera can be used here.", true);
  }
});
byId("shoot").addEventListener("click", () => {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  viewfinder.close();
  canvas.toBlob((blob) => blob && ask(blob, "Your photograph"), "image/jpeg", 0.92);
});
byId("shut").addEventListener("click", () => viewfinder.close());
viewfinder.addEventListener("close", () => {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
});

begin();
