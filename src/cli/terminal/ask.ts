/** Questions to the person at the terminal. */
import { createInterface } from "node:readline";
import { PrepError } from "../../core/domain/errors.ts";
import { traitsOf } from "../../core/domain/modes.ts";
import type { PlanRecord } from "../../core/records.ts";
import { Interrupted } from "./interrupted.ts";
import { type Io, isInteractive } from "./io.ts";

/** One line from the terminal, trimmed; undefined at its end (Ctrl-D). Throws `Interrupted` on Ctrl-C and on a signal. */
export function askLine(io: Io, question: string): Promise<string | undefined> {
  // The terminal's own line editing will do: Node's wants its raw mode back from one that was closed, and ends the process.
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const interrupt = (): void => reject(new Interrupted());
  const release = io.onInterrupt(interrupt);
  lines.once("close", () => resolve(undefined));
  lines.question(question, (answer) => resolve(answer.trim()));
  return promise.finally(() => {
    release();
    lines.close();
  });
}

/**
 * Asks for approval of a plan that was shown: yes or no, for a rollback the LUN's name. Returns what was typed for a
 * rollback, `undefined` for a yes. Errors: `NOT_APPROVED` without a terminal, at its end, or for another name;
 * `DECLINED` for a no.
 */
export async function askApproval(io: Io, plan: PlanRecord, unattended: string): Promise<string | undefined> {
  if (!isInteractive(io)) {
    throw new PrepError("NOT_APPROVED", "There is no terminal to ask for approval on. Nothing was changed.", {
      hint: unattended,
      retryable: false,
    });
  }
  return traitsOf(plan.mode).typedName ? askLunName(io, plan.target.lun.name) : askYesNo(io);
}

async function askYesNo(io: Io): Promise<undefined> {
  for (;;) {
    const answer = await askLine(io, "Carry this out? [y/n] ");
    if (answer === undefined) throw ended();
    if (/^y(es)?$/i.test(answer)) return undefined;
    if (/^no?$/i.test(answer)) throw declined();
  }
}

async function askLunName(io: Io, name: string): Promise<string> {
  const typed = await askLine(io, `This cannot be undone. Type the LUN's full name to carry it out, n to leave it: `);
  if (typed === undefined) throw ended();
  if (typed === name) return typed;
  if (/^(no?)?$/i.test(typed)) throw declined();
  throw notThatName(name);
}

const ended = (): PrepError =>
  new PrepError("NOT_APPROVED", "The question was not answered. Nothing was changed.", {
    hint: "Run it again and answer.",
    retryable: false,
  });

const declined = (): PrepError =>
  new PrepError("DECLINED", "The plan was declined. Nothing was changed.", {
    hint: "Run it again when it may be done.",
  });

/** What was given as the LUN's name is not the name of the LUN that the plan rolls back. */
export const notThatName = (name: string): PrepError =>
  new PrepError("NOT_APPROVED", "That is not the name of the LUN in the plan. Nothing was changed.", {
    hint: `A rollback is approved by its LUN's full name, exactly: ${name}.`,
    retryable: false,
  });
