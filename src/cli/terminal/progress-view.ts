/** Progress of a run while a person watches. */
import type { Writable } from "node:stream";
import type { StepState } from "../../core/domain/states.ts";
import type { RunRecord } from "../../core/records.ts";
import { duration } from "../../text/lines.ts";
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

/**
 * Prints a line for each step that begins or ends. On a terminal the running step's line is kept up to date in place,
 * with how far it is, and becomes the line of its end.
 */
export class ProgressView {
  readonly #out: Output;
  readonly #shown = new Map<string, StepState>();
  #transient = false;

  constructor(out: Output) {
    this.#out = out;
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
    const at = run.steps.findIndex(({ state }) => state === "running");
    const running = run.steps[at];
    if (this.#out.isTTY === true && running !== undefined) this.#inPlace(line(running, at, total));
  }

  /** Leaves the cursor at the beginning of an empty line. */
  end(): void {
    this.#clear();
  }

  #permanent(text: string): void {
    this.#clear();
    const columns = columnsOf(this.#out);
    const lines = columns === undefined ? [text] : wrapLine(text, columns);
    this.#out.write(`${lines.join("\n")}\n`);
  }

  #inPlace(text: string): void {
    const points = Array.from(text);
    const room = (columnsOf(this.#out) ?? 80) - 1;
    const cut = points.length > room ? `${points.slice(0, room - 1).join("")}…` : text;
    this.#out.write(`\r\x1b[2K${cut}`);
    this.#transient = true;
  }

  #clear(): void {
    if (this.#transient) this.#out.write("\r\x1b[2K");
    this.#transient = false;
  }
}

function line(step: Step, at: number, total: number): string {
  const number = String(at + 1).padStart(String(total).length);
  const { text, detail, state } = step;
  const came = detail === undefined || detail === "" ? OUTCOME[state] : detail;
  const time = took(step);
  return `${MARK[state]} ${number}/${total} ${text}${came === undefined ? "" : `: ${came}`}${time === undefined ? "" : ` (${time})`}`;
}

function took({ startedAt, endedAt }: Step): string | undefined {
  if (startedAt === undefined || endedAt === undefined) return undefined;
  const ms = Date.parse(endedAt) - Date.parse(startedAt);
  return ms >= 0 ? duration(ms) : undefined;
}
