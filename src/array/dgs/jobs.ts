/** Follows a job of the array to its end. */
import { PrepError } from "../../core/domain/errors.ts";
import type { JobProgress } from "../../core/ports/array.ts";
import type { Clock, Logger } from "../../core/ports/runtime.ts";
import { type Job, jobSchema } from "./answers.ts";
import type { Api } from "./api.ts";
import { garbage, jobFailed, outcomeUnknown, type Told } from "./faults.ts";

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 2_000;
const GROWTH = 2;
/** Readings of the job that may fail in a row: with the waits between them, an appliance has time to fail over. */
const PATIENCE = 8;

export interface JobOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Logger;
  readonly jobMs: number;
}

/**
 * Resolves with the succeeded job. Errors: `REMOTE_FAULT` when it failed; `OUTCOME_UNKNOWN` when it is not over within
 * `jobMs`, or cannot be read any more.
 */
export async function followJob(
  options: JobOptions,
  what: { readonly call: Told; readonly key: string; readonly job: Job; readonly progress?: JobProgress | undefined },
): Promise<Job> {
  const { api, clock, log, jobMs } = options;
  const { call, key, progress } = what;
  const jobId = what.job.id;
  const deadline = clock.elapsed() + jobMs;
  let job = what.job;
  let told: number | undefined;
  // A quick job is over by the time that a first reading reaches the array.
  let wait = 0;
  let failures = 0;
  for (;;) {
    if (job.state === "failed") throw jobFailed(call, job);
    if (job.progress !== told && job.state !== "queued") {
      told = job.progress;
      progress?.(job.progress);
    }
    if (job.state === "succeeded") return job;
    if (clock.elapsed() >= deadline) {
      throw outcomeUnknown(call, key, `its job ${jobId} is not over after ${Math.round(jobMs / 1000)} s`, { jobId });
    }
    if (wait > 0) await clock.sleep(wait);
    wait = wait === 0 ? FIRST_WAIT_MS : Math.min(wait * GROWTH, LONGEST_WAIT_MS);
    try {
      job = await readJob(api, jobId);
      failures = 0;
    } catch (thrown) {
      failures += 1;
      if (failures < PATIENCE && isPassing(thrown)) {
        log.warn({ system: "DGS", ...call, jobId, failures, err: thrown }, "DGS job cannot be read now");
        continue;
      }
      throw outcomeUnknown(call, key, `its job ${jobId} cannot be followed any more`, { jobId, cause: thrown });
    }
  }
}

async function readJob(api: Api, jobId: string): Promise<Job> {
  const call = { operationId: "GetJob", ids: { jobId }, path: `/api/v1/jobs/${encodeURIComponent(jobId)}` } as const;
  const job = await api.read(call, jobSchema);
  if (job.id !== jobId) throw garbage(call, "id: is another job's");
  return job;
}

const isPassing = (thrown: unknown): boolean =>
  thrown instanceof PrepError &&
  (["UNREACHABLE", "TIMED_OUT", "REMOTE_GARBAGE"].includes(thrown.code) ||
    (thrown.code === "REMOTE_FAULT" &&
      typeof thrown.found === "object" &&
      thrown.found !== null &&
      "status" in thrown.found &&
      typeof thrown.found.status === "number" &&
      thrown.found.status >= 500));
