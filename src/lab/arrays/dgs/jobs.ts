import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { ArrayProblem } from "../../world/model.ts";

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
}

export interface JobResult {
  volumeId?: string;
  assignmentId?: string;
}

/** As `docs/dgs-api.yaml` has it. */
export interface JobView {
  id: string;
  state: "queued" | "running" | "succeeded" | "failed";
  progress: number;
  result?: JobResult;
  error?: ProblemBody;
}

interface JobOrder {
  /** Idempotency key, and what was asked with it. */
  key?: string;
  request: string;
  latencyMs: number;
  /** Makes the change, or throws `ArrayProblem`. */
  apply: () => JobResult;
}

export const problemBody = (problem: ArrayProblem): ProblemBody => ({
  type: "about:blank",
  title: problem.title,
  status: problem.status,
  detail: problem.message,
});

interface Job {
  view: JobView;
  request: string;
  settled: Promise<void>;
}

/** The array's jobs: queued, then running for the latency, then the change is made or refused. */
export class DgsJobs {
  #jobs = new Map<string, Job>();
  #keys = new Map<string, Job>();
  #count = 0;
  #stop = new AbortController();

  start({ key, request, latencyMs, apply }: JobOrder): JobView {
    this.#count += 1;
    const id = `job-${String(this.#count).padStart(4, "0")}`;
    const view: JobView = { id, state: "queued", progress: 0 };
    const job: Job = { view, request, settled: this.#run(view, latencyMs, apply, this.#stop.signal) };
    this.#jobs.set(id, job);
    if (key !== undefined) this.#keys.set(key, job);
    return view;
  }

  get(id: string): JobView {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new ArrayProblem(404, "Not found", `There is no job ${id}.`);
    return job.view;
  }

  /** The first job of a repeated key; 422 when the key stood for another request. */
  repeated(key: string | undefined, request: string): JobView | undefined {
    const job = key === undefined ? undefined : this.#keys.get(key);
    if (job !== undefined && job.request !== request) {
      throw new ArrayProblem(422, "Unprocessable", "The Idempotency-Key was used for another request.");
    }
    return job?.view;
  }

  /** Resolves when the job has come to its end, or at once when there is none. */
  async settled(id: string): Promise<void> {
    await this.#jobs.get(id)?.settled;
  }

  /** Drops all jobs; those that have not run yet never do. */
  clear(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#jobs = new Map();
    this.#keys = new Map();
  }

  async #run(view: JobView, latencyMs: number, apply: () => JobResult, signal: AbortSignal): Promise<void> {
    try {
      await turn(undefined, { signal });
      view.state = "running";
      if (latencyMs > 0) {
        await sleep(latencyMs / 2, undefined, { signal });
        view.progress = 50;
        await sleep(latencyMs / 2, undefined, { signal });
      }
    } catch {
      return;
    }
    try {
      const result = apply();
      view.state = "succeeded";
      view.progress = 100;
      view.result = result;
    } catch (thrown) {
      const problem = thrown instanceof ArrayProblem ? thrown : new ArrayProblem(500, "Internal error", String(thrown));
      view.state = "failed";
      view.error = problemBody(problem);
    }
  }
}
