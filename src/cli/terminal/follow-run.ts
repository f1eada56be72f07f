/** Confirms an approved plan and stays with its run to the end. */
import { isFinished } from "../../core/domain/states.ts";
import type { Actor, Engine } from "../../core/engine.ts";
import type { VcenterOverride } from "../../core/ports/runtime.ts";
import type { RunRecord } from "../../core/records.ts";
import { usualOf } from "../../text/index.ts";
import type { Context } from "../context.ts";
import { type Io, isInteractive, printErr } from "./io.ts";
import { ProgressView } from "./progress-view.ts";

/** One wait; the run itself may take as many of them as it likes. */
const WAIT_MS = 600_000;

interface Approved {
  readonly planToken: string;
  readonly actor: Actor;
  readonly vcenter?: VcenterOverride;
  /** The run ends with its terminal. */
  readonly foreground?: boolean;
}

/**
 * Whether a run gets a process of its own: at a terminal, which takes this process with it when it is closed. Elsewhere
 * nothing does, and the run goes on over connections that are open already (docs/adr/0011).
 */
export const outlivesCommand = (io: Io, { foreground = false }: Pick<Approved, "foreground">): boolean =>
  !foreground && isInteractive(io);

/** Shows a run as it goes on; on a terminal with what its steps usually take. */
function viewOf(engine: Engine, { io, json }: Context): { update(run: RunRecord): Promise<void>; end(): void } {
  const out = json ? io.stderr : io.stdout;
  const view = new ProgressView(out);
  let isKnown = out.isTTY !== true;
  view.start();
  return {
    async update(run) {
      view.update(run);
      if (isKnown) return;
      isKnown = true;
      const usual = await usualOf(engine, run).catch(() => undefined);
      if (usual !== undefined) view.expect(usual.steps);
    },
    end: () => view.end(),
  };
}

/**
 * Has the plan carried out, with live progress. The first Ctrl-C (or SIGTERM) asks the run to stop before its next step; a
 * second one leaves at once with 130, and the run's journal says where it was. A terminal that is closed takes only the
 * progress with it, unless the run was to stay in the foreground. Where the run has a process of its own, this one ends
 * then; else it carries the run out to its end.
 */
export async function confirmAndFollow(engine: Engine, approved: Approved, context: Context): Promise<RunRecord> {
  const { io } = context;
  const { actor, vcenter, foreground = false } = approved;
  // Credentials of this command line are not handed to another process.
  const isElsewhere = vcenter === undefined && outlivesCommand(io, approved);
  const leave = new AbortController();
  const progress = viewOf(engine, context);
  let runId: string | undefined;
  let interrupted = false;
  let stopping: Promise<unknown> = Promise.resolve();
  const stop = (id: string): void => {
    // A run that has just ended cannot be stopped any more; the answer below tells how it ended.
    stopping = engine.cancelRun(id, actor).catch(() => undefined);
  };
  const release = io.onInterrupt((signal) => {
    if (signal === "SIGHUP" && !foreground) {
      if (isElsewhere) leave.abort();
      return;
    }
    if (interrupted) process.exit(130);
    interrupted = true;
    progress.end();
    printErr(
      io,
      "Stopping before the next step. Ctrl-C again leaves at once; `atvm_prep runs` then shows where it stood.",
    );
    if (runId !== undefined) stop(runId);
  });
  const onUpdate = (run: RunRecord): Promise<void> => {
    if (runId === undefined && interrupted) stop(run.runId);
    runId = run.runId;
    return progress.update(run);
  };
  try {
    const options = { waitMs: WAIT_MS, onUpdate, signal: leave.signal };
    const using = vcenter === undefined ? {} : { vcenter };
    let run = await engine.confirm(approved.planToken, actor, { ...options, ...using });
    await onUpdate(run);
    while (!isFinished(run.state) && !leave.signal.aborted) {
      run = await engine.getRun(run.runId, options);
      await onUpdate(run);
    }
    await stopping;
    return run;
  } finally {
    progress.end();
    release();
  }
}

/** Stays with a run that somebody else started, to its end or until Ctrl-C. */
export async function watch(runId: string, engine: Engine, context: Context): Promise<RunRecord> {
  const progress = viewOf(engine, context);
  const leave = new AbortController();
  const release = context.io.onInterrupt(() => leave.abort());
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
