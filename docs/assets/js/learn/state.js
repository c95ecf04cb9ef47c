/** What is set on the page "Learn it here", as it stands in the address. */

/** @typedef {import("./learner.js").Settings} Settings */

/** Files of assets/learning. */
export const NETWORKS = [
  "shapes",
  "shapes-tanh",
  "shapes-shallow",
  "shapes-deep",
  "shapes-overlap",
  "shapes-norm",
  "shapes-dropout",
  "shapes-towers",
];
export const COUNTS = [200, 1000, 4000];
export const RATES = [0.002, 0.02, 0.06, 0.2];
export const BATCHES = [16, 64, 256]; // pictures a step
export const MOST_SEEDS = 9999;

/** @returns {Settings} */
export const usual = () => ({ network: "shapes", seed: 1, count: 4000, vary: false, rate: 0.02, batch: 64 });

/** Read settings; what is not one of the choices is dropped. @param {string} search
 * @returns {Settings} */
export function read(search) {
  const query = new URLSearchParams(search);
  const made = usual();
  const seed = Number(query.get("seed"));
  /** @param {string} name @param {number[]} choices @param {number} other */
  const one = (name, choices, other) => choices.find((n) => n === Number(query.get(name))) ?? other;
  const network = `shapes-${query.get("network")}`;
  return {
    network: NETWORKS.includes(network) ? network : made.network,
    seed: Number.isInteger(seed) && seed >= 1 && seed <= MOST_SEEDS ? seed : made.seed,
    count: one("pictures", COUNTS, made.count),
    vary: query.get("vary") === "1",
    rate: one("rate", RATES, made.rate),
    batch: one("batch", BATCHES, made.batch),
  };
}

/** Write settings, shortest form. @param {Settings} settings @returns {string} with its question
 * mark */
export function write({ network, seed, count, vary, rate, batch }) {
  const query = new URLSearchParams();
  const made = usual();
  if (network !== made.network) query.set("network", network.replace("shapes-", ""));
  if (seed !== made.seed) query.set("seed", String(seed));
  if (count !== made.count) query.set("pictures", String(count));
  if (vary) query.set("vary", "1");
  if (rate !== made.rate) query.set("rate", String(rate));
  if (batch !== made.batch) query.set("batch", String(batch));
  const words = query.toString();
  return words ? `?${words}` : "";
}
