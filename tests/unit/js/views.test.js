import assert from "node:assert/strict";
import { test } from "node:test";

import * as lab from "../../../docs/assets/js/lab/state.js";
import * as timeline from "../../../docs/assets/js/timeline/state.js";

test("the explorer's view comes back as written; what it does not know is dropped", () => {
  const known = { sets: ["a"], runs: ["1", "2", "3"] };
  const search = "?q=relu&set=a&sort=error&figures=1&compare=1,2";
  assert.equal(lab.write(lab.read(search, known)), search);
  assert.equal(lab.write(lab.read("?set=x&sort=y&compare=9,8", known)), "");
});

test("a third run takes the place of the first", () => {
  assert.deepEqual(lab.toggle(["1", "2"], "3"), ["2", "3"]);
  assert.deepEqual(lab.toggle(["1", "2"], "1"), ["2"]);
});

test("the timeline's view comes back as written; what it does not know is dropped", () => {
  const known = { themes: ["chips", "data"], people: ["Hinton"] };
  const search = "?theme=chips,data&person=Hinton&find=gpu&zoom=4";
  assert.equal(timeline.write(timeline.read(search, known)), search);
  assert.equal(timeline.write(timeline.read("?theme=x&person=y&q=gpu&zoom=3", known)), "");
});

test("a search minds neither case nor accents", () => {
  const item = { theme: "chips", people: [], words: timeline.plain("Dan Cireșan") };
  assert.ok(timeline.matches(item, { ...timeline.everything(), query: "CIRESAN dan" }));
});
