/** Random values as hashes: the same in `model_export/training/drawn.py`, to the last bit. */

/** A hash of 32 bits, the last step of MurmurHash3. @param {number} x */
export function mix(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The values in [0, 1) of one item of a stream. @param {number} seed @param {number} item
 * @returns {(value: number) => number} */
export function uniform(seed, item) {
  const stream = mix((Math.imul(seed, 0x9e3779b9) + 1) | 0);
  const own = mix(stream ^ ((Math.imul(item, 0x85ebca77) + 0x27d4eb2f) | 0));
  return (value) => mix((own + Math.imul(value, 0x9e3779b9)) | 0) / 4294967296;
}

/** Weights to start from, uniform within sqrt(6 / inputs); biases are 0.
 * @param {readonly number[]} dims @param {number} seed @param {number} item which layer's */
export function weights(dims, seed, item) {
  const [, ...inputs] = dims;
  const fan = inputs.reduce((a, b) => a * b, 1);
  const value = uniform(seed, item);
  const found = new Float32Array(dims[0] * fan);
  if (inputs.length === 0) return found;
  const bound = Math.sqrt(6 / fan);
  for (let i = 0; i < found.length; i += 1) found[i] = (2 * value(i) - 1) * bound;
  return found;
}
