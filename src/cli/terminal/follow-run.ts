/** Confirms an approved plan and stays with its run to the end. */
import { isFinished } from "../../core/domain/states.ts";
import type { Actor, Engine } from "../../core/engine.ts";
import type { VcenterOverride } from "../../core/ports/runtime.ts";
import type { RunRecord } from "../../core/records.ts";
import type { Context } from "../context.ts";
import { printErr } from "./io.ts";
import { ProgressView } from "./progress-view.ts";

/** One wait; the run itself may take as many of them as it likes. */
const WAIT_MS = 600_000;

interface Approved {
  readonly planToken: string;
  readonly actor: Actor;
  readonly vcenter?: VcenterOverride;
}

/**
 * Carries the plan out with live progress. The first Ctrl-C (or SIGTERM) asks the run to stop before its next step; a
 * second one leaves at once with 130, and the run's journal says where it was.
 */
export async function confirmAndFollow(engine: Engine, approved: Approved, { io, json }: Context): Promise<RunRecord> {
  const { actor } = approved;
  const progress = new ProgressView(json ? io.stderr : io.stdout);
  let runId: string | undefined;
  let interrupted = false;
  let stopping: Promise<unknown> = Promise.resolve();
  const stop = (id: string): void => {
    // A run that has just ended cannot be stopped any more; the answer below tells how it ended.
    stopping = engine.cancelRun(id, actor).catch(() => undefined);
  };
  const release = io.onInterrupt(() => {
    if (interrupted) process.exit(130);
    interrupted = true;
    progress.end();
    printErr(
      io,
      "Stopping before the next step. Ctrl-C again leaves at once; `atvm_prep runs` then tells where it stood.",
    );
    if (runId !== undefined) stop(runId);
  });
  const onUpdate = (run: RunRecord): void => {
    if (runId === undefined && interrupted) stop(run.runId);
    runId = run.runId;
    progress.update(run);
  };
  try {
    const vcenter = approved.vcenter === undefined ? {} : { vcenter: approved.vcenter };
    let run = await engine.confirm(approved.planToken, actor, { waitMs: WAIT_MS, onUpdate, ...vcenter });
    onUpdate(run);
    while (run.state === "queued" || run.state === "running") {
      run = await engine.getRun(run.runId, { waitMs: WAIT_MS, onUpdate });
      onUpdate(run);
    }
    await stopping;
    return run;
  } finally {
    progress.end();
    release();
  }
}

/** Stays with a run that somebody else started, to its end or until Ctrl-C. */
export async function watch(runId: string, engine: Engine, { io, json }: Context): Promise<RunRecord> {
  const progress = new ProgressView(json ? io.stderr : io.stdout);
  const leave = new AbortController();
  const release = io.onInterrupt(() => leave.abort());
  const options = { waitMs: WAIT_MS, signal: leave.signal, onUpdate: (run: RunRecord) => progress.update(run) };
  try {
    let run = await engine.getRun(runId, options);
    while (!isFinished(run.state) && !leave.signal.aborted) run = await engine.getRun(runId, options);
    return run;
  } finally {
    progress.end();
    release();
  }
}
