/** Shows what needs the network's gradient, and loads its script when it is first asked for. */

import { chosen } from "./loading.js";
import { byId } from "./page.js";
import { store } from "./store.js";

const more = () => import("./why.js");

document.addEventListener("live-answered", () => {
  byId("live-alive").hidden = !chosen().model.gradient;
  byId("live-why-target").replaceChildren(
    ...store.top.map(({ index, label }) => new Option(label, String(index))),
  );
  for (const name of ["why-maps", "lay", "fool-box", "fool-more"]) byId(`live-${name}`).hidden = true;
});
byId("live-why-go").addEventListener("click", async () => (await more()).why());
byId("live-fool-go").addEventListener("click", async () => (await more()).fool(10));
byId("live-fool-more").addEventListener("click", async () => (await more()).fool(20));
byId("live-fool-save").addEventListener("click", async () => (await more()).save());
byId("live-fool-take").addEventListener("click", async () => (await more()).takeChanged());
byId("live-lay").addEventListener("change", async () => (await more()).lay());
for (const name of ["why", "fool"]) {
  byId(`live-${name}-stop`).addEventListener("click", () => store.worker.post("stop"));
}
