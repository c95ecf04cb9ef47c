import assert from "node:assert/strict";
import { test } from "node:test";

import { unchanged } from "../../../docs/assets/js/live/changes.js";
import { read, write } from "../../../docs/assets/js/live/state.js";

const pictures = ["banana", "cat"];

test("an empty address is the usual view, and is written as nothing", () => {
  const view = read("", pictures);
  assert.deepEqual(view.change, unchanged());
  assert.equal(write(view), "");
});

test("a view comes back as it was written", () => {
  const search = "?picture=cat&layer=conv3&silent=2&grey=1&bright=120&blur=1.5&closer=40&at=300,1000&hide=3,15&quiz=1";
  assert.equal(write(read(search, pictures)), search);
});

test("what is out of bounds is brought within them, to a whole step", () => {
  const { change } = read("?bright=9999&noise=-5&blur=1.3&jpeg=1e3&closer=5", pictures);
  assert.deepEqual(
    [change.bright, change.noise, change.blur, change.jpeg, change.closer],
    [200, 0, 1.5, 100, 10],
  );
  assert.deepEqual(read("?hide=99,-3", pictures).change.hide, [15, 0]);
});

test("what the page does not know is dropped", () => {
  const view = read(
    "?picture=<script>&layer=conv9&silent=3&flip=yes&bright=Infinity&hide=1&hide=x&noise=&kiosk=2",
    pictures,
  );
  assert.equal(write(view), "");
});
