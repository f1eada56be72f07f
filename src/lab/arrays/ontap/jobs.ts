import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import type { Doubts } from "./doubts.ts";
import { OntapRefusal } from "./errors.ts";
import type { Row } from "./select.ts";

interface Job {
  view: {
    uuid: string;
    description: string;
    state: "queued" | "running" | "success" | "failure";
    message?: string;
    code?: number;
    error?: Row;
  };
  settled: Promise<void>;
}

/** The cluster's jobs: queued, running for the latency, then the change is made or refused. No percentage, as on the real one. */
export class OntapJobs {
  #jobs = new Map<string, Job>();
  #stop = new AbortController();
  readonly #doubts: Doubts;
  readonly #newUuid: () => string;

  constructor(doubts: Doubts, newUuid: () => string) {
    this.#doubts = doubts;
    this.#newUuid = newUuid;
  }

  /** `apply` makes the change, or throws `OntapRefusal`. */
  start(description: string, latencyMs: number, apply: () => void): string {
    const uuid = this.#newUuid();
    const view: Job["view"] = { uuid, description, state: "queued" };
    this.#jobs.set(uuid, { view, settled: this.#run(view, latencyMs, apply, this.#stop.signal) });
    return uuid;
  }

  /** Undefined: never was, or is forgotten. */
  get(uuid: string): Row | undefined {
    const view = this.#jobs.get(uuid)?.view;
    const over = view?.state === "success" || view?.state === "failure";
    return over && this.#doubts["ended-jobs"] === "forgotten" ? undefined : view;
  }

  /** Resolves with whether the job is over, after `ms` at most; without a limit when it is. */
  async settled(uuid: string, ms?: number): Promise<boolean> {
    const job = this.#jobs.get(uuid);
    if (job === undefined) return true;
    if (ms === undefined) {
      await job.settled;
      return true;
    }
    const late = new AbortController();
    const timer = sleep(ms, false, { signal: late.signal }).catch(() => false);
    const over = await Promise.race([job.settled.then(() => true), timer]);
    late.abort();
    return over;
  }

  /** Why it failed, where it did. */
  failure(uuid: string): OntapRefusal | undefined {
    const job = this.#jobs.get(uuid)?.view;
    if (job?.state !== "failure") return undefined;
    return new OntapRefusal(400, String(job.error?.["code"]), String(job.error?.["message"]));
  }

  /** Drops all jobs; those that have not run yet never do. */
  clear(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#jobs = new Map();
  }

  async #run(view: Job["view"], latencyMs: number, apply: () => void, signal: AbortSignal): Promise<void> {
    try {
      await turn(undefined, { signal });
      view.state = "running";
      if (latencyMs > 0) await sleep(latencyMs, undefined, { signal });
    } catch {
      return;
    }
    try {
      apply();
      view.state = "success";
      view.message = "Complete: Successful";
      view.code = 0;
    } catch (thrown) {
      const { code, message } = thrown instanceof OntapRefusal ? thrown : new OntapRefusal(500, "1", String(thrown));
      view.state = "failure";
      view.message = message;
      view.code = Number(code);
      view.error = { message, code: this.#doubts["job-code"] === "integer" ? Number(code) : code };
    }
  }
}
