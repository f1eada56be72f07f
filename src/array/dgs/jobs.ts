/** Follows a job of the array to its end. */
import { PrepError } from "../../core/domain/errors.ts";
import type { JobProgress } from "../../core/ports/array.ts";
import type { Clock, Logger } from "../../core/ports/runtime.ts";
import { JOB_LIMIT, JOB_PATIENCE, nextJobWait } from "../calls.ts";
import type { Api } from "./api.ts";
import { type CallSummary, garbage, jobFailed, outcomeUnknown } from "./errors.ts";
import { type Job, jobSchema } from "./schemas.ts";

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
  what: {
    readonly call: CallSummary;
    readonly key: string;
    readonly job: Job;
    readonly progress?: JobProgress | undefined;
  },
): Promise<Job> {
  const { api, clock, log, jobMs } = options;
  const { call, key, progress } = what;
  const jobId = what.job.id;
  const deadline = clock.elapsed() + jobMs;
  let job = what.job;
  let reported: number | undefined;
  let failures = 0;
  for (let wait = nextJobWait(undefined); ; wait = nextJobWait(wait)) {
    if (job.state === "failed") throw jobFailed(call, job);
    if (job.progress !== reported && job.state !== "queued") {
      reported = job.progress;
      progress?.(job.progress);
    }
    if (job.state === "succeeded") return job;
    if (clock.elapsed() >= deadline) {
      throw outcomeUnknown(
        call,
        key,
        `its job ${jobId} is not over after ${Math.round(jobMs / 1000)} s (${JOB_LIMIT})`,
        { jobId },
      );
    }
    if (wait > 0) await clock.sleep(wait);
    try {
      job = await readJob(api, jobId);
      failures = 0;
    } catch (thrown) {
      failures += 1;
      if (failures < JOB_PATIENCE && isPassing(thrown)) {
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
