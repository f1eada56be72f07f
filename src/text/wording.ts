/** For whom something is worded: an assistant, which calls tools, or a person at a terminal, who types commands. */
import { commandLine } from "../core/domain/command-line.ts";

export interface Wording {
  readonly door: "assistant" | "terminal";
  /** Whether the assistant's client can show the operator a form. Absent: it is not known. */
  readonly canAsk?: boolean;
  /** Words as a line for a terminal of this machine: with the program's name, and the configuration where it must be named. */
  line(...words: string[]): string;
  /** A tool as the client knows it. */
  tool(name: string): string;
  /** The approval console's address, where there is one. */
  readonly console?: string;
}

export interface WordingOptions {
  /** The configuration file, where the program would not find it by itself. */
  readonly config?: string | undefined;
  readonly console?: string | undefined;
  /** Before each tool's name (`toolPrefix`). */
  readonly toolPrefix?: string | undefined;
  /** How the program is called. Default: by its name. */
  readonly program?: readonly string[] | undefined;
}

export const wordingFor = (
  door: Wording["door"],
  { config, console, toolPrefix = "", program = ["atvm_prep"] }: WordingOptions = {},
): Wording => ({
  door,
  line: (...words) => commandLine([...program, ...words, ...(config === undefined ? [] : ["--config", config])]),
  tool: (name) => `${toolPrefix}${name}`,
  ...(console === undefined ? {} : { console }),
});

/** The page of the console on which a person approves a plan. */
export const planPageOf = ({ console }: Pick<Wording, "console">, planId: string): string | undefined =>
  console === undefined ? undefined : `${console}/plans/${planId}`;
