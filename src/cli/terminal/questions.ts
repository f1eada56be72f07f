/** Open questions, as `init` asks them. */
import { PrepError } from "../../core/domain/errors.ts";
import { askLine } from "./ask.ts";
import type { Io } from "./io.ts";

const ended = (): PrepError =>
  new PrepError("BAD_REQUEST", "The questions were not all answered. Nothing was written.", {
    hint: "Run it again, or give the answers as flags with --yes: `atvm_prep init --help`.",
  });

/** What was typed, or `otherwise` for an empty line; asked again while there is neither. Errors: `BAD_REQUEST` at the input's end. */
export async function askText(io: Io, question: string, otherwise?: string): Promise<string> {
  for (;;) {
    const answer = await askLine(io, `${question}${otherwise === undefined ? "" : ` [${otherwise}]`} > `);
    if (answer === undefined) throw ended();
    const text = answer === "" ? otherwise : answer;
    if (text !== undefined) return text;
  }
}

/** Errors: `BAD_REQUEST` at the input's end. */
export async function askYes(io: Io, question: string): Promise<boolean> {
  for (;;) {
    const answer = await askLine(io, `${question} [y/n] `);
    if (answer === undefined) throw ended();
    if (/^y(es)?$/i.test(answer)) return true;
    if (/^no?$/i.test(answer)) return false;
  }
}
