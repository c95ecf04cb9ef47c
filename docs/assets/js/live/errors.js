/** Errors in words for a person. `kind` names the page's state. */

/** @typedef {{kind: string, message: string}} UserError */

/** An error to show to the person. @param {string} kind @param {string} message */
export const userError = (kind, message) => Object.assign(new Error(message), { kind });

/** Any error as words for a person. @param {unknown} error @returns {UserError} */
export function toMessage(error) {
  const { kind, message } = /** @type {Partial<UserError>} */ (error ?? {});
  return { kind: kind ?? "failed", message: message ?? String(error) };
}
