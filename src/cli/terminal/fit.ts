/** Text for a terminal: words wrapped at its width, what is lost in red. A pipe gets it as it is. */
import type { Writable } from "node:stream";

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const NARROWEST = 20;

/** One line as several of at most `columns` characters, the later ones indented like the text of the first. */
function wrap(line: string, columns: number): string[] {
  const [lead = ""] = /^\s*(?:- |\d+\. )?/.exec(line) ?? [];
  // A command is one line, to be copied as such.
  if (line.startsWith("    ") || Array.from(line).length <= columns) return [line];
  const indent = " ".repeat(Math.min(lead.length, columns - NARROWEST / 2));
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(" ")) {
    const joined = current.trim() === "" || current === lead ? current + word : `${current} ${word}`;
    if (Array.from(joined).length <= columns || current.trim() === "" || current === lead) current = joined;
    else {
      lines.push(current);
      current = indent + word;
    }
  }
  return [...lines, current];
}

const LOSS = /\b(DELETED?|LOST|HARD|DESTROYED|FAILED|INTERRUPTED|NEEDS AN OPERATOR|GOLD|BROKEN)\b/;

/** `text` for `stream`: unchanged where that is no terminal. `env` may forbid colours (NO_COLOR). */
export function fitted(
  text: string,
  stream: Writable & Screen,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (stream.isTTY !== true) return text;
  const columns = Math.max(stream.columns ?? 80, NARROWEST);
  const colours = (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return text
    .split("\n")
    .flatMap((line) => {
      const lines = wrap(line, columns);
      return colours && LOSS.test(line) ? lines.map((one) => `\x1b[31m${one}\x1b[39m`) : lines;
    })
    .join("\n");
}
