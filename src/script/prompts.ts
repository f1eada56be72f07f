/** The script's questions, recognised by their text. */

/** `[y/n]` in its usual spellings, at the end of a line but for a colon or the like. */
const MARK = /\s*[[(]\s*y(?:es)?\s*\/\s*no?\s*[\])][\s:?>.]*$/i;
/** What a line looks like that may wait for another answer. A colon alone also stands before what takes long. */
const WAITS = /\?[\s:>]*$|pass(?:word|phrase)[^:]*:\s*$/i;

// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours a terminal is made of control characters
const STYLE = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/** Without what only a terminal shows, blanks made one. */
export const plainLine = (line: string): string =>
  line
    .replace(STYLE, "")
    .replace(/^.*\r(?!$)/, "")
    .replaceAll(/\s+/g, " ")
    .trim();

/** The question without its mark and the punctuation before it. */
const bare = (text: string): string =>
  plainLine(text)
    .replace(MARK, "")
    .replace(/[\s:?.]+$/, "");

export type Asked =
  | { readonly kind: "known"; readonly text: string }
  | { readonly kind: "unknown"; readonly text: string }
  /** Ends as a question may; only that nothing follows tells. */
  | { readonly kind: "perhaps"; readonly text: string };

/** What of the configuration's questions a line is; `*` in one stands for anything. Undefined: no question. */
export function askedBy(line: string, known: readonly string[]): Asked | undefined {
  const text = plainLine(line);
  if (text === "") return undefined;
  if (MARK.test(text)) {
    const question = bare(text);
    return { kind: known.some((pattern) => matches(bare(pattern), question)) ? "known" : "unknown", text };
  }
  return WAITS.test(text) ? { kind: "perhaps", text } : undefined;
}

function matches(pattern: string, question: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|/-]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "u").test(question);
}
