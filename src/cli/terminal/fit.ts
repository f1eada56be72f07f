/** Text for a terminal: words wrapped at its width, what is lost in red. A pipe gets it as it is. */
import type { Writable } from "node:stream";
import { wrapped } from "./wrap.ts";

export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const NARROWEST = 20;

/** How wide lines may be: undefined where nothing needs to fit, since it is no terminal. */
export const columnsOf = ({ isTTY, columns }: Screen): number | undefined =>
  isTTY === true ? Math.max(columns ?? 80, NARROWEST) : undefined;

/** One line as several of at most `columns` characters, the later ones indented like the text of the first. */
export function wrapLine(line: string, columns: number): string[] {
  // A command is one line, to be copied as such.
  if (line.startsWith("    ") || Array.from(line).length <= columns) return [line];
  const [lead = ""] = /^\s*(?:- |\S \s*\d+\/\d+ |\d+\. )?/.exec(line) ?? [];
  return wrapped(line.slice(lead.length), columns, { lead });
}

const LOSS = /\b(DELETED?|LOST|HARD|DESTROYED|FAILED|INTERRUPTED|NEEDS AN OPERATOR|GOLD|BROKEN)\b/;

/** `text` for `stream`: unchanged where that is no terminal. `env` may forbid colours (NO_COLOR). */
export function fitted(
  text: string,
  stream: Writable & Screen,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const columns = columnsOf(stream);
  if (columns === undefined) return text;
  const colours = (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return text
    .split("\n")
    .flatMap((line) => {
      const lines = wrapLine(line, columns);
      return colours && LOSS.test(line) ? lines.map((part) => `\x1b[31m${part}\x1b[39m`) : lines;
    })
    .join("\n");
}
