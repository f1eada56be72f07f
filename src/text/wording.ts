/** For whom something is worded: an assistant, which calls tools, or a person at a terminal, who types commands. */
import { commandLine } from "../core/request/command.ts";

export interface Wording {
  readonly door: "assistant" | "terminal";
  /** Words as a line for a terminal of this machine: with the program's name, and the configuration where it must be named. */
  line(...words: string[]): string;
}

export interface WordingOptions {
  /** The configuration file, where the program would not find it by itself. */
  readonly config?: string | undefined;
}

export const wordingFor = (door: Wording["door"], { config }: WordingOptions = {}): Wording => ({
  door,
  line: (...words) => commandLine(["atvm_prep", ...words, ...(config === undefined ? [] : ["--config", config])]),
});
