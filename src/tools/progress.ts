/** A run's steps as MCP progress: how many are finished, of how many, and what goes on now. */
import type { ServerContext } from "@modelcontextprotocol/server";
import { finishedSteps } from "../core/render.ts";
import { safeText } from "../core/text.ts";
import type { RunView } from "../core/views.ts";

function messageOf(run: RunView): string {
  const step =
    run.steps.find(({ state }) => state === "running") ??
    run.steps.findLast(({ state }) => state !== "pending" && state !== "running") ??
    run.steps[0];
  return step === undefined ? run.state : safeText(step.text, 500);
}

export interface Progress {
  readonly onUpdate: (run: RunView) => Promise<void>;
  /** After the answer no notification may follow. */
  end(): void;
}

/**
 * Reports to the client that asked for it, once for each step that ends: the protocol wants every value to be greater
 * than the one before. A client that has gone is no error of the run.
 */
export function progressTo(ctx: ServerContext): Progress {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  let sent = -1;
  let ended = progressToken === undefined;
  return {
    async onUpdate(run) {
      const finished = finishedSteps(run);
      if (ended || finished <= sent || run.steps.length === 0) return;
      sent = finished;
      await ctx.mcpReq
        .notify({
          method: "notifications/progress",
          params: { progressToken, progress: finished, total: run.steps.length, message: messageOf(run) },
        })
        .catch(() => undefined);
    },
    end() {
      ended = true;
    },
  };
}
