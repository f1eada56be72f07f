/** The site's own script, as the engine runs it. What is said of errors in `array.ts` holds here as well. */

export interface ScriptCall {
  /** The argument vector: no shell reads it. */
  readonly words: readonly string[];
  /** `-vp` and the configured password follow the words: the script takes it no other way. */
  readonly withPassword: boolean;
}

/** How a script that was started ended, as far as it can be told. */
export interface ScriptEnd {
  /**
   * `exited`: by itself, with `code`. `stopped`: by us, for the reason in `how`. `lost`: nobody saw its end. A script that was
   * stopped or lost may still be running where `mayRun`.
   */
  readonly kind: "exited" | "stopped" | "lost";
  readonly code?: number;
  /** As a sentence. */
  readonly how: string;
  readonly mayRun: boolean;
  /** A question that nobody recognised: it was not answered. */
  readonly question?: string;
  /** Questions that were answered with yes. */
  readonly answered: readonly string[];
  /** The last lines of what it printed, and of its own log file; without the password. */
  readonly output: readonly string[];
  readonly log: readonly string[];
}

export interface ScriptRunner {
  /** What can be told of the script without running it: the lines of it that ask something, and which of these are not known. */
  inspect(): Promise<{
    readonly file: string;
    readonly questions: readonly string[];
    readonly unknown: readonly string[];
  }>;
  /** Processes of the script that run now, whoever started them. */
  running(): Promise<readonly string[]>;
  /** Runs it to its end. Throws only where it was not started, so that nothing was done. */
  run(call: ScriptCall, progress: (line: string) => void): Promise<ScriptEnd>;
}
