/** Follows a job of the cluster to its end. */
import type * as z from "zod";
import { PrepError } from "../../core/domain/errors.ts";
import type { Clock, Logger } from "../../core/ports/runtime.ts";
import { JOB_LIMIT, JOB_PATIENCE, nextJobWait } from "../calls.ts";
import { type Api, unless } from "./api.ts";
import { type CallSummary, CODES, OntapError, outcomeUnknown } from "./errors.ts";
import { jobSchema } from "./schemas.ts";

export interface JobOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Logger;
  readonly jobMs: number;
}

/**
 * `done` when it succeeded, `forgotten` when the cluster does not know it (any more): then the object has to be looked at.
 * Errors: `OntapError` when it failed; `OUTCOME_UNKNOWN` when it is not over within `jobMs`, or cannot be read any more.
 */
export async function followJob(
  { api, clock, log, jobMs }: JobOptions,
  call: CallSummary,
  jobId: string,
): Promise<"done" | "forgotten"> {
  const deadline = clock.elapsed() + jobMs;
  const path = `/api/cluster/jobs/${jobId}?fields=state,message,code,error`;
  const reading = { action: "read a job", ids: { jobId }, path };
  let failures = 0;
  for (let wait = nextJobWait(undefined); ; wait = nextJobWait(wait)) {
    if (wait > 0) await clock.sleep(wait);
    if (failures === 0 && wait > 0 && clock.elapsed() >= deadline) {
      throw outcomeUnknown(call, `its job ${jobId} is not over after ${Math.round(jobMs / 1000)} s (${JOB_LIMIT})`, {
        jobId,
      });
    }
    let job: z.output<typeof jobSchema> | undefined;
    try {
      job = await unless(CODES.notFound, () => api.read(reading, jobSchema));
    } catch (thrown) {
      failures += 1;
      if (failures >= JOB_PATIENCE || !isPassing(thrown)) {
        throw outcomeUnknown(call, `its job ${jobId} cannot be followed any more`, { jobId, cause: thrown });
      }
      log.warn({ system: "ONTAP", action: call.action, jobId, failures, err: thrown }, "ONTAP job cannot be read now");
      continue;
    }
    failures = 0;
    if (job === undefined) return "forgotten";
    if (job.state === "success") return "done";
    if (job.state === "failure") {
      const fault = job.error ?? { code: job.code ?? "", message: job.message ?? "" };
      throw new OntapError("REMOTE_FAULT", { ...call, ids: { ...call.ids, jobId } }, fault);
    }
  }
}

const isPassing = (thrown: unknown): boolean =>
  thrown instanceof PrepError && ["UNREACHABLE", "TIMED_OUT", "REMOTE_GARBAGE", "REMOTE_FAULT"].includes(thrown.code);
