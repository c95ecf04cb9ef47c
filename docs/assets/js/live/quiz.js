/** Guess first: the five names without their shares; the answer comes after the reader's own. */

import { button, byId, made, say } from "./page.js";

/** @param {import("./store.js").Guess[]} top likeliest first @param {() => void} show the answer */
export function quiz(top, show) {
  const names = top.map(({ label }) => label);
  const box = byId("live-quiz-box");
  byId("live-top").replaceChildren();
  byId("live-before").textContent = "";
  const choices = [...names].sort().map((name) =>
    button(name, () => {
      const right = name === names[0];
      const verdict = made("p", right ? `You said ${name}, and so does the network.` : `You said ${name}. The network says ${names[0]}.`);
      verdict.tabIndex = -1;
      box.replaceChildren(verdict);
      show();
      verdict.focus();
    }),
  );
  const row = made("p", "", "live-row");
  row.append(...choices);
  box.replaceChildren(made("p", "Which of these will the network say first?"), row);
  box.hidden = false;
  say("asking", "Your guess first: five names to choose from.");
}

/** No question is open. */
export function closeQuiz() {
  byId("live-quiz-box").replaceChildren();
  byId("live-quiz-box").hidden = true;
}
