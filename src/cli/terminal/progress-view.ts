/** Progress of a run while a person watches. */
import type { Writable } from "node:stream";
import type { StepState } from "../../core/domain/states.ts";
import type { RunRecord } from "../../core/records.ts";
import { duration } from "../../text/lines.ts";
import type { UsualTimes } from "../../text/usual-times.ts";
import { columnsOf, type Screen, wrapLine } from "./fit.ts";

type Output = Writable & Screen;
type Step = RunRecord["steps"][number];

const MARK: Record<StepState, string> = {
  pending: " ",
  running: "…",
  done: "✓",
  skipped: "–",
  failed: "✗",
  unknown: "?",
};

/** Where the step itself does not say what came of it. */
const OUTCOME: Partial<Record<StepState, string>> = {
  skipped: "already done",
  failed: "failed",
  unknown: "outcome not known",
};

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 120;
/** A step that is over sooner than this needs no clock. */
const CLOCK_FROM_MS = 2_000;

/**
 * Prints a line for each step that begins or ends. On a terminal one line is kept up to date in place with every step that
 * is under way, several in short: how far it is, how long it has taken and usually takes. A step's end is a line of its own.
 */
export class ProgressView {
  readonly #out: Output;
  readonly #now: () => number;
  readonly #shown = new Map<string, StepState>();
  #usual: UsualTimes["steps"] = new Map();
  #run: RunRecord | undefined;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;
  #transient = false;

  constructor(out: Output, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
  }

  /** From runs of the past. */
  expect(usual: UsualTimes["steps"]): void {
    this.#usual = usual;
  }

  /** Keeps the line going between updates, on a terminal. */
  start(): void {
    if (this.#out.isTTY === true) this.#timer ??= setInterval(() => this.tick(), FRAME_MS).unref();
  }

  tick(): void {
    this.#frame += 1;
    this.#drawRunning();
  }

  update(run: RunRecord): void {
    const total = run.steps.length;
    for (const [at, step] of run.steps.entries()) {
      const before = this.#shown.get(step.id) ?? "pending";
      if (step.state === before) continue;
      this.#shown.set(step.id, step.state);
      if (step.state !== "running") this.#permanent(line(step, at, total));
      else if (this.#out.isTTY !== true) this.#permanent(line(step, at, total));
    }
    this.#run = run;
    this.#drawRunning();
  }

  #drawRunning(): void {
    const { steps } = this.#run ?? { steps: [] };
    const running = [...steps.entries()].filter(([, { state }]) => state === "running");
    if (this.#out.isTTY !== true || running.length === 0) return;
    const mark = FRAMES[this.#frame % FRAMES.length] ?? MARK.running;
    const lineOf = running.length === 1 ? line : lineInShort;
    this.#inPlace(
      running.map(([at, step]) => ({ text: lineOf(step, at, steps.length, mark), clock: this.#clock(step) })),
    );
  }

  /** ` (12 s, usually 25 s)`. */
  #clock({ startedAt, kind }: Step): string {
    const elapsed = startedAt === undefined ? 0 : this.#now() - Date.parse(startedAt);
    if (elapsed < CLOCK_FROM_MS) return "";
    const usual = this.#usual.get(kind);
    return ` (${whole(elapsed)}${usual === undefined ? "" : `, usually ${whole(usual)}`})`;
  }

  /** Leaves the cursor at the beginning of an empty line. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#run = undefined;
    this.#clear();
  }

  #permanent(text: string): void {
    this.#clear();
    const columns = columnsOf(this.#out);
    const lines = columns === undefined ? [text] : wrapLine(text, columns);
    this.#out.write(`${lines.join("\n")}\n`);
  }

  /** All on one line, the room that there is shared out evenly; where it is short, texts are cut, and clocks stay. */
  #inPlace(shown: readonly { readonly text: string; readonly clock: string }[]): void {
    const columns = (columnsOf(this.#out) ?? 80) - 1;
    const room = Math.max(Math.floor((columns - GAP.length * (shown.length - 1)) / shown.length), 1);
    const cut = shown.map(({ text, clock }) => {
      const points = Array.from(text);
      const left = room - Array.from(clock).length;
      return `${points.length > left ? `${points.slice(0, Math.max(left - 1, 0)).join("")}…` : text}${clock}`;
    });
    this.#out.write(`\r\x1b[2K${cut.join(GAP)}`);
    this.#transient = true;
  }

  #clear(): void {
    if (this.#transient) this.#out.write("\r\x1b[2K");
    this.#transient = false;
  }
}

/** Whole seconds: more would flicker. */
const whole = (ms: number): string => duration(Math.max(Math.round(ms / 1_000), 1) * 1_000).replace(".0 s", " s");

/** Between steps that share a line. */
const GAP = "  ";

const placeOf = (at: number, total: number): string => `${String(at + 1).padStart(String(total).length)}/${total}`;

const lineInShort = ({ kind, detail }: Step, at: number, total: number, mark: string): string =>
  `${mark} ${placeOf(at, total)} ${kind.replaceAll("_", " ")}${detail === undefined || detail === "" ? "" : `: ${detail}`}`;

function line(step: Step, at: number, total: number, mark = MARK[step.state]): string {
  const { text, detail, state } = step;
  const came = detail === undefined || detail === "" ? OUTCOME[state] : detail;
  const time = took(step);
  return `${mark} ${placeOf(at, total)} ${text}${came === undefined ? "" : `: ${came}`}${time === undefined ? "" : ` (${time})`}`;
}

function took({ startedAt, endedAt }: Step): string | undefined {
  if (startedAt === undefined || endedAt === undefined) return undefined;
  const ms = Date.parse(endedAt) - Date.parse(startedAt);
  return ms >= 0 ? duration(ms) : undefined;
}
