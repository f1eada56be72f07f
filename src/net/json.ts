/** JSON off a socket. */

const well = (_key: string, value: unknown): unknown => (typeof value === "string" ? value.toWellFormed() : value);

/**
 * The value, or undefined where the text is no JSON: JSON itself has no undefined. A name that was cut within a character
 * leaves half a surrogate pair, which UTF-8 and canonical JSON cannot say: U+FFFD stands in its place, here at the edge.
 */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text, /\\u[dD][89a-fA-F]/.test(text) ? well : undefined);
  } catch {
    return undefined;
  }
}
