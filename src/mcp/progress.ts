/** A run's steps as MCP progress: how many are finished, of how many, and what goes on now. */
import { setTimeout } from "node:timers/promises";
import type { ServerContext } from "@modelcontextprotocol/server";
import { safeText } from "../core/domain/safe-text.ts";
import type { RunRecord } from "../core/records.ts";
import { finishedSteps } from "../text/index.ts";

/** What goes on now: every step that is under way, and how far it is. Else the last that ended, else the first to come. */
function messageOf(run: RunRecord): string {
  const running = run.steps.filter(({ state }) => state === "running");
  if (running.length > 1) {
    const parts = running.map(({ kind, detail }) => [kind.replaceAll("_", " "), detail].filter(Boolean).join(": "));
    return safeText(`${running.length} steps at once: ${parts.join(" | ")}`, 500);
  }
  const step =
    running[0] ?? run.steps.findLast(({ state }) => state !== "pending" && state !== "running") ?? run.steps[0];
  return step === undefined ? run.state : safeText(step.text, 500);
}

/**
 * Clients of both SDKs handle an answer as they read it and a notification a moment later: where they read the last
 * step together with the answer, they drop it.
 */
const BEFORE_ANSWER_MS = 20;

/** Clients that wait as long as there is progress hear of a long step at least this often. */
const BEAT_MS = 5_000;
/** Each beat takes this part of what is left to the next value, so that there is always a greater one. */
const BEAT_PART = 0.05;
/** Two values that mean something are no closer than this. */
const CLOSEST = 0.1;

export interface Progress {
  /** Nothing can begin yet, of so many steps, and why. */
  readonly onWaiting: (why: string, steps: number) => void;
  readonly onUpdate: (run: RunRecord) => Promise<void>;
  /** To be awaited before the answer, which no notification may follow. */
  end(): Promise<void>;
}

/** How far the run is: a step that has ended counts as one, one that is under way as a tenth. */
const positionOf = (run: RunRecord): number =>
  finishedSteps(run) + Math.min(run.steps.filter(({ state }) => state === "running").length, 9) / 10;

/**
 * Reports to the client that asked for it whenever a step begins or ends, and now and then while nothing does: the
 * protocol wants every value to be greater than the one before. `now` leaves out those that had ended before the first
 * look. A client that has gone is no error of the run.
 */
export function progressTo(ctx: ServerContext, from: "start" | "now"): Progress {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  let sent: number | undefined = from === "start" ? -1 : undefined;
  let ended = progressToken === undefined;
  /** What is said while nothing begins or ends. */
  let latest: { readonly message: string; readonly total: number } | undefined;
  let within = 0;
  const notify = (progress: number, total: number, message: string): Promise<void> =>
    ctx.mcpReq
      .notify({ method: "notifications/progress", params: { progressToken, progress, total, message } })
      .catch(() => undefined);
  const beat = (): void => {
    if (latest === undefined || sent === undefined || sent < 0 || ended) return;
    within += (1 - within) * BEAT_PART;
    void notify(sent + within * CLOSEST, latest.total, latest.message);
  };
  const timer = ended ? undefined : setInterval(beat, BEAT_MS).unref();
  return {
    onWaiting(message, total) {
      sent = 0;
      latest = { message, total };
    },
    async onUpdate(run) {
      latest = { message: messageOf(run), total: run.steps.length };
      const finished = finishedSteps(run);
      if (ended || run.steps.length === 0) return;
      const reach = (value: number, message: string): Promise<void> => {
        sent = value;
        within = 0;
        return notify(value, run.steps.length, message);
      };
      // Several steps may have ended since the last look; each is told of.
      for (let value = Math.floor(sent ?? finished) + 1; value < finished; value += 1) {
        await reach(value, safeText(run.steps[value]?.text ?? "", 500));
      }
      const value = positionOf(run);
      if (sent === undefined || value > sent) await reach(value, messageOf(run));
    },
    async end() {
      ended = true;
      clearInterval(timer);
      if (sent !== undefined && sent >= 0) await setTimeout(BEFORE_ANSWER_MS);
    },
  };
}
