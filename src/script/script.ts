/** The site's own script as the engine: started once, answered where its question is known, followed to its end. */
import type { Readable } from "node:stream";
import { PrepError } from "../core/domain/errors.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { Clock } from "../core/ports/runtime.ts";
import type { ScriptCall, ScriptEnd, ScriptRunner } from "../core/ports/script.ts";
import { redactText } from "../logging/redact.ts";
import { here, type Place, type Running } from "./process.ts";
import { askedBy, plainLine } from "./prompts.ts";
import { overSsh } from "./ssh.ts";

export interface ScriptOptions {
  readonly command: readonly string[];
  readonly ssh?: { readonly destination: string; readonly config?: string | undefined } | undefined;
  /** Its own log file, where it runs. */
  readonly log: string;
  /** Questions that are answered with yes, since the plan was approved. */
  readonly prompts: readonly string[];
  readonly password: () => Promise<string>;
  readonly timeoutMs: number;
  /** How long a line that may be a question stands before it counts as one. */
  readonly quietMs: number;
  readonly connectMs: number;
  readonly clock: Clock;
}

const KEPT_LINES = 20;
/** Between being asked to end and being ended. */
const GRACE_MS = 5_000;

export function createScript(options: ScriptOptions): ScriptRunner {
  const { ssh, clock, connectMs } = options;
  const place = ssh === undefined ? here : overSsh({ ...ssh, clock, connectMs });
  return {
    inspect: () => inspect(place, options),
    running: () => runningIn(place, options),
    run: (call, progress) => run(place, call, options, progress),
  };
}

/** The word that is the script itself: the last one of the command that is a path. */
const scriptOf = ({ command }: Pick<ScriptOptions, "command">): string =>
  command.findLast((word) => word.includes("/")) ?? command.at(-1) ?? "";

/** Texts between quotes that end in a mark, on lines of the script. */
const QUOTED = /(["'])((?:(?!\1).)*[[(]\s*y(?:es)?\s*\/\s*no?\s*[\])](?:(?!\1).)*)\1/gi;

async function inspect(place: Place, options: ScriptOptions): ReturnType<ScriptRunner["inspect"]> {
  const file = scriptOf(options);
  const { code, out } = await place.capture(["cat", "--", file]);
  if (code !== 0) {
    throw new PrepError("UNREACHABLE", `The script ${safeText(file)} cannot be read.`, {
      hint: "See script.command in the configuration, and the rights of the account that runs it.",
    });
  }
  const questions = [...out.matchAll(QUOTED)].map(([, , text = ""]) =>
    plainLine(text.replaceAll(/\{[^}]*\}|%[sd]/g, "*")),
  );
  return { file, questions, unknown: questions.filter((text) => askedBy(text, options.prompts)?.kind === "unknown") };
}

async function runningIn(place: Place, options: ScriptOptions): Promise<string[]> {
  const [first = "", ...rest] = scriptOf(options);
  // The class around the first character keeps this very search from finding itself.
  // Its flags follow: an editor that has the file open is no run of it.
  const pattern = `[${first}]${rest.join("").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")} -`;
  const { code, out } = await place.capture(["pgrep", "-f", "--", pattern]);
  if (code > 1) {
    throw new PrepError("UNREACHABLE", "Whether the script runs already cannot be determined.", {
      hint: "Nothing was run. pgrep (of procps) has to be there, where the script is.",
    });
  }
  return out.split("\n").filter((line) => line !== "");
}

const tail = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => safeText(redactText(plainLine(line)), 200))
    .filter((line) => line !== "")
    .slice(-KEPT_LINES);

async function run(
  place: Place,
  call: ScriptCall,
  options: ScriptOptions,
  progress: (line: string) => void,
): Promise<ScriptEnd> {
  const password = call.withPassword ? await options.password() : undefined;
  const running = await place.start(call.words, password);
  const talk = new Conversation(running, options, progress);
  const end = await talk.toItsEnd(place.isLocal);
  const log = await place.capture(["tail", "-n", String(KEPT_LINES), "--", options.log]).catch(() => undefined);
  return { ...end, answered: talk.answered, output: tail(talk.text), log: log?.code === 0 ? tail(log.out) : [] };
}

type Reason = { readonly how: string; readonly question?: string };

class Conversation {
  readonly #running: Running;
  readonly #options: ScriptOptions;
  readonly #progress: (line: string) => void;
  readonly answered: string[] = [];
  text = "";
  #lastAnswered: string | undefined;
  readonly #stopped = Promise.withResolvers<Reason>();

  constructor(running: Running, options: ScriptOptions, progress: (line: string) => void) {
    this.#running = running;
    this.#options = options;
    this.#progress = progress;
    // What reads no answers any more has ended, and its end is told by that.
    running.stdin.on("error", () => undefined);
    for (const stream of [running.stdout, running.stderr]) this.#listen(stream);
  }

  async toItsEnd(isLocal: boolean): Promise<Pick<ScriptEnd, "kind" | "code" | "how" | "mayRun" | "question">> {
    const { clock, timeoutMs } = this.#options;
    const over = new AbortController();
    const late = clock
      .sleep(timeoutMs, over.signal)
      .then(
        (): Reason => ({ how: `The script did not end within ${Math.round(timeoutMs / 1000)} s and was stopped.` }),
      );
    const first = await Promise.race([this.#running.ended, this.#stopped.promise, late]);
    if ("how" in first) {
      const ended = await this.#end();
      over.abort();
      return { kind: "stopped", ...first, mayRun: !ended };
    }
    over.abort();
    const { code, signal } = first;
    if (signal !== null) return { kind: "lost", how: `The script was ended by ${signal}.`, mayRun: false };
    if (!isLocal && (code === 255 || code === null)) {
      return { kind: "lost", how: "The connection to the script was lost, or a signal ended it.", mayRun: true };
    }
    return { kind: "exited", code: code ?? 255, how: `The script exited with ${code}.`, mayRun: false };
  }

  /** Whether it is gone for certain. */
  async #end(): Promise<boolean> {
    const { ended, stdin } = this.#running;
    stdin.end();
    for (const signal of [undefined, "SIGTERM", "SIGKILL"] as const) {
      if (signal !== undefined) await this.#running.kill(signal);
      const over = new AbortController();
      const gone = await Promise.race([
        ended.then(() => true),
        this.#options.clock.sleep(GRACE_MS, over.signal).then(() => false),
      ]);
      over.abort();
      if (gone) return true;
    }
    return false;
  }

  #listen(stream: Readable): void {
    let open = "";
    let quiet = new AbortController();
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      quiet.abort();
      quiet = new AbortController();
      this.text = (this.text + chunk).slice(-64_000);
      const lines = (open + chunk).split("\n");
      // What has no end keeps no more than can be a question.
      open = (lines.pop() ?? "").slice(-4_000);
      for (const line of lines) this.#line(line);
      if (this.#asked(open)) open = "";
      else if (askedBy(open, [])?.kind === "perhaps") void this.#waitFor(open, quiet.signal);
    });
    // One that was read from before stands still.
    stream.resume();
  }

  #line(line: string): void {
    const text = safeText(redactText(plainLine(line)), 200);
    if (text === "") return;
    this.#progress(text);
    if (!this.#asked(line)) this.#lastAnswered = undefined;
  }

  /** Answers a question that is known; stops at one that is not. Whether it was one. */
  #asked(line: string): boolean {
    const asked = askedBy(line, this.#options.prompts);
    if (asked === undefined || asked.kind === "perhaps") return false;
    const text = safeText(redactText(asked.text), 300);
    if (asked.kind === "unknown") {
      this.#stop("The script asked something that is not among the known questions, and got no answer", text);
    } else if (this.#lastAnswered === text) {
      this.#stop("The script asked the same again, as if its answer was no answer", text);
    } else {
      this.#lastAnswered = text;
      this.answered.push(text);
      this.#progress(`answered y to: ${text}`);
      this.#running.stdin.write("y\n");
    }
    return true;
  }

  async #waitFor(line: string, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(this.#options.quietMs, signal);
    if (signal.aborted) return;
    this.#stop("The script seems to wait for something, and got no answer", safeText(redactText(plainLine(line)), 300));
  }

  #stop(how: string, question: string): void {
    this.#stopped.resolve({ how: `${how}: ${question}`, question });
  }
}
