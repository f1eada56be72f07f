/** A run's steps as MCP progress: how many are finished, of how many, and what goes on now. */
import { setTimeout } from "node:timers/promises";
import type { ServerContext } from "@modelcontextprotocol/server";
import { safeText } from "../core/domain/safe-text.ts";
import type { RunRecord } from "../core/records.ts";
import { finishedSteps } from "../text/index.ts";

function messageOf(run: RunRecord): string {
  const step =
    run.steps.find(({ state }) => state === "running") ??
    run.steps.findLast(({ state }) => state !== "pending" && state !== "running") ??
    run.steps[0];
  return step === undefined ? run.state : safeText(step.text, 500);
}

/**
 * Clients of both SDKs handle an answer as they read it and a notification a moment later: where they read the last
 * step together with the answer, they drop it.
 */
const BEFORE_ANSWER_MS = 20;

export interface Progress {
  readonly onUpdate: (run: RunRecord) => Promise<void>;
  /** To be awaited before the answer, which no notification may follow. */
  end(): Promise<void>;
}

/**
 * Reports to the client that asked for it, once for each step that ends: the protocol wants every value to be greater
 * than the one before. `now` leaves out those that had ended before the first look. A client that has gone is no error of
 * the run.
 */
export function progressTo(ctx: ServerContext, from: "start" | "now"): Progress {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  let sent: number | undefined = from === "start" ? -1 : undefined;
  let ended = progressToken === undefined;
  return {
    async onUpdate(run) {
      const finished = finishedSteps(run);
      if (ended || run.steps.length === 0) return;
      // Several steps may have ended since the last look; each is told of.
      for (let value = (sent ?? finished - 1) + 1; value <= finished; value += 1) {
        sent = value;
        const passed = run.steps[value];
        const message = value === finished || passed === undefined ? messageOf(run) : safeText(passed.text, 500);
        await ctx.mcpReq
          .notify({
            method: "notifications/progress",
            params: { progressToken, progress: value, total: run.steps.length, message },
          })
          .catch(() => undefined);
      }
    },
    async end() {
      ended = true;
      if (sent !== undefined && sent >= 0) await setTimeout(BEFORE_ANSWER_MS);
    },
  };
}
