/** Takes queued runs from the store, each once, and sees to it that they are carried out. */
import { auditedWrite, latestTime } from "../audit.ts";
import { asPrepError, PrepError } from "../domain/errors.ts";
import type { WorkerOptions } from "../engine.ts";
import { type EngineDeps, RUNNER } from "../engine-options.ts";
import { type Watch, watch } from "./run-watch.ts";
import type { Runs } from "./runs.ts";

/** How often the queue is looked at where nothing told of it: a claim by a worker that died is not seen otherwise. */
const LOOK_EVERY_MS = 5_000;

export class Worker {
  readonly #deps: EngineDeps;
  readonly #runs: Runs;

  constructor(deps: EngineDeps, runs: Runs) {
    this.#deps = deps;
    this.#runs = runs;
  }

  /** Until the signal aborts; then waits for what this process carries out itself, or with `drain` for all that it took. Errors: `WRONG_CONTROLLER`. */
  async work({ name, atOnce, onClaim, drain = false }: WorkerOptions, signal: AbortSignal): Promise<void> {
    const wrong = this.#deps.settings.wrongController();
    if (wrong !== undefined) {
      throw new PrepError("WRONG_CONTROLLER", wrong, { hint: "Start the worker on a machine that may make changes." });
    }
    const going = new Set<Promise<void>>();
    let queue: Watch | undefined;
    try {
      while (!signal.aborted) {
        try {
          queue ??= await watch(this.#deps, "queue");
          const runId = going.size < atOnce ? await this.#claim(name) : undefined;
          if (runId !== undefined) {
            onClaim?.(runId);
            const run = this.#carryOut(runId, drain ? undefined : signal).finally(() => going.delete(run));
            going.add(run);
            continue;
          }
        } catch (thrown) {
          // A service outlives a restart of its database.
          if (!asPrepError(thrown).retryable) throw thrown;
          this.#deps.log.warn({ err: thrown }, "the queue could not be read");
        }
        await this.#pause(queue, going, signal);
      }
    } finally {
      queue?.end();
      await Promise.all(going);
    }
  }

  /** Until there may be a run to take, or room for one. */
  async #pause(queue: Watch | undefined, going: ReadonlySet<Promise<void>>, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([over.signal, signal]);
    const pause = queue?.next(LOOK_EVERY_MS, either) ?? this.#deps.clock.sleep(LOOK_EVERY_MS, either);
    await Promise.race([pause, ...going]);
    over.abort();
    await pause;
  }

  #claim(name: string): Promise<string | undefined> {
    const { store, clock, settings } = this.#deps;
    return auditedWrite(store, clock, async (tx, append) => {
      const at = await latestTime(tx, clock);
      const queuedSince = new Date(Date.parse(at) - settings.limits.queueMs).toISOString();
      const runId = await tx.claimRun({ by: name, at, queuedSince });
      if (runId !== undefined) await append({ type: "run_claimed", actor: RUNNER, runId, data: { worker: name } });
      return runId;
    });
  }

  /** By a process of its own where there are such, which outlives this one; a place is taken until the run is over. */
  async #carryOut(runId: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#runs.begin(runId, signal);
      await this.#runs.follow(runId, {
        waitMs: Number.POSITIVE_INFINITY,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (thrown) {
      this.#deps.log.error({ run: runId, err: thrown }, "a claimed run could not be carried out");
    }
  }
}
