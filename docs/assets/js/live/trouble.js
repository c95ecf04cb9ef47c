/** What went wrong, in words for a person. */

/** @typedef {{kind: string, message: string}} Trouble `kind` names the page's state */

/** An error that a person is told. @param {string} kind @param {string} message */
export const trouble = (kind, message) => Object.assign(new Error(message), { kind });

/** Any error as words for a person. @param {unknown} error @returns {Trouble} */
export function told(error) {
  const { kind, message } = /** @type {Partial<Trouble>} */ (error ?? {});
  return { kind: kind ?? "failed", message: message ?? String(error) };
}
