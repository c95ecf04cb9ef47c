// Turns the questions of a page into buttons. The answers are kept in the address, one digit
// for each question, so that a page with answers can be sent, and nothing is kept anywhere else.

const root = /** @type {HTMLElement} */ (document.querySelector(".quiz"));
const questions = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".quiz__list > li")]);
const score = /** @type {HTMLElement} */ (root.querySelector(".quiz__score"));
const KEY = "answers";

/** @returns {number[]} what the address says: an option from 1 for each question, or 0 */
function read() {
  const digits = new URLSearchParams(location.search).get(KEY) ?? "";
  return questions.map((question, i) => {
    const chosen = Number(digits[i]);
    const options = question.querySelectorAll(".quiz__options > li").length;
    return Number.isInteger(chosen) && chosen <= options ? chosen : 0;
  });
}

/** @param {number[]} answers */
function write(answers) {
  const parameters = new URLSearchParams(location.search);
  if (answers.some((answer) => answer > 0)) parameters.set(KEY, answers.join(""));
  else parameters.delete(KEY);
  const words = parameters.toString();
  history.replaceState(null, "", `${location.pathname}${words ? `?${words}` : ""}${location.hash}`);
}

/** @param {number[]} answers */
function show(answers) {
  questions.forEach((question, i) => {
    const right = Number(question.dataset.right);
    question.querySelectorAll("button").forEach((button, at) => {
      const chosen = answers[i] === at + 1;
      button.setAttribute("aria-pressed", String(chosen));
      button.dataset.verdict = chosen ? (at + 1 === right ? "right" : "wrong") : "";
    });
    const details = question.querySelector("details");
    if (details && answers[i] > 0) details.open = true;
  });
  const done = answers.filter((answer) => answer > 0).length;
  const good = answers.filter((a, i) => a > 0 && a === Number(questions[i].dataset.right)).length;
  score.textContent = done > 0 ? `${good} of ${done} right. The address holds your answers.` : "";
}

const answers = read();
questions.forEach((question, i) => {
  question.querySelectorAll(".quiz__options > li").forEach((option, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = option.textContent;
    option.replaceChildren(button);
    button.addEventListener("click", () => {
      answers[i] = answers[i] === at + 1 ? 0 : at + 1;
      write(answers);
      show(answers);
    });
  });
});
show(answers);

export {};
