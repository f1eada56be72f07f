import { z } from "zod";
import { DgsProblem } from "../../world/model.ts";
import type { World } from "../../world/world.ts";
import { bodyOf, type Call, type Caller, Id, parsed, pathParam, type Reply, type Route } from "./http.ts";
import type { DgsJobs, JobResult } from "./jobs.ts";

const NewClone = z.strictObject({ name: Id });
const NewAssignment = z.strictObject({ clientId: Id });
const Key = z
  .string()
  .regex(/^[!-~]{1,255}$/)
  .optional();

interface Order {
  /** The request's body, of which a repeat under the same key must be no different. */
  body?: object;
  /** Throws what the array refuses at once. */
  check(): void;
  /** Makes the change when the job runs; may be refused by then. */
  apply(): JobResult;
}

/** The array's changing operations and their jobs. */
export function writeRoutes(world: World, jobs: DgsJobs): Route[] {
  const order = (call: Call, { fault }: Caller, { body, check, apply }: Order): Reply => {
    const key = parsed(Key, call.req.header("idempotency-key"), "Idempotency-Key");
    const request = JSON.stringify([call.req.method, call.req.path, body]);
    const first = jobs.repeated(key, request);
    if (first !== undefined) return accepted(first.id);
    check();
    const fails = fault?.kind === "job-failed" || fault?.kind === "task-error";
    const { id } = jobs.start({
      ...(key === undefined ? {} : { key }),
      request,
      latencyMs: world.latency.dgs,
      apply: fails ? failJob : apply,
    });
    return accepted(id);
  };
  const accepted = (jobId: string): Reply => ({
    status: 202,
    body: jobs.get(jobId),
    location: `/api/v1/jobs/${jobId}`,
    jobId,
  });

  return [
    {
      method: "GET",
      path: "/jobs/:id",
      op: "GetJob",
      handle: (call) => ({ status: 200, body: jobs.get(pathParam(call, "id")) }),
    },
    {
      method: "POST",
      path: "/policies/:id/snapshots/:sid/clone",
      op: "CloneSnapshot",
      async handle(call, caller) {
        const body = await bodyOf(call, NewClone);
        const [policy, snapshot] = [pathParam(call, "id"), pathParam(call, "sid")];
        return order(call, caller, {
          body,
          check: () => world.arrayChecks.clone(policy, snapshot),
          apply: () => ({ volumeId: world.createClone(policy, snapshot, body.name, caller.user).id }),
        });
      },
    },
    {
      method: "POST",
      path: "/policies/:id/snapshots/:sid/rollback",
      op: "RollbackSnapshot",
      handle(call, caller) {
        const [policy, snapshot] = [pathParam(call, "id"), pathParam(call, "sid")];
        return order(call, caller, {
          check: () => world.arrayChecks.rollback(policy, snapshot),
          apply: () => ({ volumeId: world.rollback(policy, snapshot, caller.user).id }),
        });
      },
    },
    {
      method: "POST",
      path: "/volumes/:id/assignments",
      op: "CreateAssignment",
      async handle(call, caller) {
        const body = await bodyOf(call, NewAssignment);
        const volumeId = pathParam(call, "id");
        return order(call, caller, {
          body,
          check: () => world.arrayChecks.assign(volumeId, body.clientId),
          apply: () => ({ volumeId, assignmentId: world.assign(volumeId, body.clientId, caller.user).id }),
        });
      },
    },
    {
      method: "DELETE",
      path: "/assignments/:id",
      op: "DeleteAssignment",
      handle(call, caller) {
        const id = pathParam(call, "id");
        return order(call, caller, {
          check: () => world.arrayChecks.unassign(id),
          apply() {
            world.unassign(id, caller.user);
            return {};
          },
        });
      },
    },
    {
      method: "DELETE",
      path: "/volumes/:id",
      op: "DeleteVolume",
      handle(call, caller) {
        const id = pathParam(call, "id");
        return order(call, caller, {
          check: () => world.arrayChecks.deleteVolume(id),
          apply() {
            world.deleteVolume(id, caller.user);
            return {};
          },
        });
      },
    },
  ];
}

function failJob(): never {
  throw new DgsProblem(500, "Internal error", "The array could not carry the job out.");
}
